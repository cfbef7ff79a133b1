package org.sparklora.spark.bench;

import org.sparklora.model.engine.Engines;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.ModelConfig;

/** {@code bench}: measures the speed of this machine's engine on a model shape. */
public final class BenchCommand {
  private BenchCommand() {}

  /** Prints a JSON line for each measurement, and progress on standard error. */
  public static void run(Settings settings) {
    new Bench(
            BenchConfig.of(settings),
            Engines.of(ModelConfig.engine(settings)),
            WarmUp.usual(),
            System.out,
            System.err)
        .run();
  }
}
