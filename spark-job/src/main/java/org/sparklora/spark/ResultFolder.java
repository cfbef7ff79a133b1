package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.report.LossPlot;
import org.sparklora.spark.train.TrainerState;

/**
 * Writes what a run leaves: adapter or model, tokenizer, model card, log, loss plot and effective
 * settings.
 */
final class ResultFolder {
  private ResultFolder() {}

  /** Writes into the folder's work place; the caller commits. */
  static void write(
      Configuration hadoop,
      OutputFolder output,
      SftConfig config,
      ParameterLayout layout,
      Tensor parameters,
      TrainerState state,
      RegretReport regret)
      throws IOException {
    Path local = Files.createTempDirectory("spark-lora-result");
    try {
      Path model = Path.of(config.model().folder());
      if (layout instanceof AdapterLayout adapter) {
        AdapterFile.write(local, adapter, parameters, config.model().folder());
      } else {
        ModelFolder.write(local, model, layout, parameters);
      }
      CheckpointWriter.copyTokenizer(model, local);
      Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson());
      Files.writeString(local.resolve("sft_config.yaml"), config.effectiveYaml());
      Files.writeString(local.resolve(RegretReport.FILE_NAME), regret.toJson());
      Files.writeString(local.resolve("README.md"), ModelCard.of(config, layout, state));
      drawCurves(local.resolve("loss.png"), config.output().runName(), state.history());
      upload(hadoop, local, output);
    } finally {
      deleteTree(local);
    }
  }

  /** The log rows that carry a loss, as curves. */
  private static void drawCurves(Path file, String title, List<Map<String, Object>> history)
      throws IOException {
    List<Map<String, Object>> rows =
        history.stream().filter(row -> row.containsKey("loss")).toList();
    if (rows.isEmpty()) {
      return; // logging was switched off
    }
    double[] steps = rows.stream().mapToDouble(row -> (Integer) row.get("step")).toArray();
    List<LossPlot.Curve> curves =
        Stream.of("loss", "mean_token_accuracy", "learning_rate")
            .map(
                name ->
                    new LossPlot.Curve(
                        name,
                        steps,
                        rows.stream().mapToDouble(row -> (Double) row.get(name)).toArray()))
            .toList();
    LossPlot.write(file, title, curves);
  }

  /** Moves all files to the output folder, whatever file system it is on. */
  static void upload(Configuration hadoop, Path local, OutputFolder output) throws IOException {
    FileSystem fileSystem = output.work().getFileSystem(hadoop);
    List<Path> files = new ArrayList<>();
    try (Stream<Path> list = Files.list(local)) {
      list.forEach(files::add);
    }
    for (Path file : files) {
      fileSystem.copyFromLocalFile(
          true,
          new org.apache.hadoop.fs.Path(file.toUri()),
          new org.apache.hadoop.fs.Path(output.work(), file.getFileName().toString()));
    }
  }

  static void deleteTree(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
