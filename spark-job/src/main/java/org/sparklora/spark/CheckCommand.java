package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.regret.MachineMemory;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.train.TrainedModel;

/**
 * {@code check}: the regret report of an {@code sft} run with the same flags, without Spark,
 * weights or tokenizer. The dataset counts where a table made of it, or the table itself, is there;
 * it may be left out, as may the output folder.
 */
final class CheckCommand {
  private CheckCommand() {}

  static void run(Settings settings) throws IOException {
    SftConfig config =
        SftConfig.of(
            settings
                .withDefault("output_dir", "unnamed-run")
                .withDefault("dataset_name", "unnamed-dataset"));
    Configuration hadoop = new Configuration();
    TrainedModel model = InitialParameters.of(hadoop, config).model();
    RegretReport report =
        SftRegret.of(config, model, hadoop, MachineMemory.here())
            .before(config.sync().workers().orElse(1));
    System.out.print(report.toText());
    Optional<String> output = settings.text("output");
    if (output.isPresent()) {
      Files.writeString(Path.of(output.get()), report.toJson());
    }
  }
}
