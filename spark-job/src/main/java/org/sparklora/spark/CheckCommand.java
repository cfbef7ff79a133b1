package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.regret.MachineMemory;
import org.sparklora.spark.regret.RegretReport;

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
    CheckpointHeaders checkpoint = CheckpointHeaders.read(Path.of(config.model().folder()));
    SftRegret regret =
        new SftRegret(config, checkpoint, lora(config, checkpoint), MachineMemory.here());
    RegretReport report = regret.report(new Configuration(), config.sync().workers().orElse(1));
    System.out.print(report.toText());
    Optional<String> output = settings.text("output");
    if (output.isPresent()) {
      Files.writeString(Path.of(output.get()), report.toJson());
    }
  }

  /** Rank and targets of the adapter to go on from, if there is one. */
  private static Optional<LoraConfig> lora(SftConfig config, CheckpointHeaders checkpoint)
      throws IOException {
    return config.lora().isPresent() && config.adapterFolder().isPresent()
        ? Optional.of(
            AdapterFile.open(Path.of(config.adapterFolder().get()), checkpoint.config())
                .layout()
                .config())
        : config.lora();
  }
}
