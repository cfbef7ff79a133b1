package org.sparklora.spark.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.kernels.KernelsProvider;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterMerge;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;

/** {@code merge}: a base model and its adapter as one plain checkpoint folder. */
public final class MergeCommand {
  private MergeCommand() {}

  /** Runs the command; an output folder with something in it is refused. */
  public static void run(Settings settings) throws IOException {
    Path output = Path.of(settings.requiredText("output_dir"));
    if (!settings.isOn("overwrite_output_dir") && isFilled(output)) {
      throw new ConfigException(
          "output_dir",
          output,
          "the folder is not empty; name another, or give --overwrite_output_dir");
    }
    ModelReference model = ModelReference.of(settings);
    try (CheckpointFolder base = CheckpointFolder.open(model.folder())) {
      AdapterFile adapter =
          AdapterFile.open(
              ModelReference.required(settings, "adapter").folder(), model.name(), base);
      AdapterMerge.merge(base, adapter, KernelsProvider.kernels(), output);
    }
  }

  private static boolean isFilled(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Files.exists(folder);
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isPresent();
    }
  }
}
