package org.sparklora.spark.cli;

import java.io.IOException;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/** {@code push}: pushes a finished run's folder to the hub. */
final class PushCommand {
  private PushCommand() {}

  static void run(Settings settings) throws IOException {
    String address = SparkLora.push(settings);
    System.out.println("pushed %s to %s".formatted(settings.get(Flags.INPUT), address));
  }
}
