package org.sparklora.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterMerge;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.run.ModelConfig;

/** Writes a base model and its adapter as one plain checkpoint folder, for {@code merge}. */
final class MergedModel {
  private MergedModel() {}

  static String write(Settings settings) throws IOException {
    String output = settings.get(Flags.OUTPUT_DIR);
    ModelReference model = ModelReference.of(settings);
    Configuration hadoop = HadoopSettings.configuration();
    Path adapterFolder = ModelReference.required(settings, Flags.ADAPTER).folder(hadoop);
    Path baseFolder = model.folder(hadoop);
    try (CheckpointFolder base = CheckpointFolder.open(baseFolder)) {
      AdapterFile adapter = AdapterFile.open(adapterFolder, model.name(), base);
      OutputFolder.requireApart(hadoop, output, List.of(path(baseFolder), path(adapterFolder)));
      try (OutputFolder folder =
          OutputFolder.create(hadoop, output, settings.get(Flags.OVERWRITE_OUTPUT_DIR))) {
        AdapterMerge.merge(
            base,
            adapter,
            Engines.of(ModelConfig.engine(settings)),
            ModelConfig.quantization(settings),
            local(output, folder));
        folder.commit();
      } catch (IOException e) { // the inputs are open, so writing failed
        throw new TableException(
            "Cannot write the model of %s (%s): make room or choose another --output_dir"
                .formatted(output, e.getMessage()),
            e);
      }
      return "%s with adapter %s".formatted(model.name(), settings.get(Flags.ADAPTER));
    }
  }

  private static org.apache.hadoop.fs.Path path(Path folder) {
    return new org.apache.hadoop.fs.Path("file", null, folder.toAbsolutePath().toString());
  }

  private static Path local(String output, OutputFolder folder) {
    ConfigException.require(
        "file".equals(folder.work().toUri().getScheme()),
        Flags.OUTPUT_DIR,
        output,
        "a merged model is written to this machine's disk; name a folder there, and copy it then");
    return Path.of(folder.work().toUri());
  }
}
