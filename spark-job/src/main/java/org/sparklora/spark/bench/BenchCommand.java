package org.sparklora.spark.bench;

import java.io.PrintStream;
import org.sparklora.model.engine.Engines;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.ModelConfig;

/** {@code bench}: measures the speed of this machine's engine on a model shape. */
public final class BenchCommand {
  private BenchCommand() {}

  /** Prints a JSON line for each measurement, and progress on standard error. */
  public static void run(Settings settings) {
    run(settings, WarmUp.usual(), System.out, System.err);
  }

  /**
   * Measures with another warm-up before each measurement.
   *
   * @param out receives the lines
   * @param progress receives progress messages
   */
  static void run(Settings settings, WarmUp warmUp, PrintStream out, PrintStream progress) {
    new Bench(
            BenchConfig.of(settings),
            Engines.of(ModelConfig.engine(settings)),
            warmUp,
            out,
            progress)
        .run();
  }
}
