package org.sparklora.spark.cli;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.run.HubPush;
import org.sparklora.spark.run.PushConfig;

/** {@code push}: a finished run's folder goes to the hub. */
final class PushCommand {
  private PushCommand() {}

  static void run(Settings settings) throws IOException {
    String folder = settings.get(Flags.INPUT);
    Configuration hadoop = HadoopSettings.configuration();
    try (RunFolder.Finished run = RunFolder.claim(hadoop, folder)) {
      PushConfig config = PushConfig.of(settings, folder, PushConfig.Strategy.END);
      System.out.println(
          "pushed %s to %s"
              .formatted(folder, HubPush.open(hadoop, config).pushResults(run.path())));
    }
  }
}
