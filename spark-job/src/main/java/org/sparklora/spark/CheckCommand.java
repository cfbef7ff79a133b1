package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelOutline;
import org.sparklora.spark.regret.MachineMemory;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.train.TrainedModel;

/**
 * {@code check}: the regret report of an {@code sft} run with the same flags, without Spark,
 * weights or tokenizer; of a model that is elsewhere the headers are read there, and how much the
 * run would have to download is told. The dataset counts where a table made of it, or the table
 * itself, is there; it may be left out, as may the output folder.
 */
final class CheckCommand {
  private CheckCommand() {}

  static void run(Settings settings) throws IOException {
    SftConfig config =
        SftConfig.of(
            settings
                .withDefault("output_dir", "unnamed-run")
                .withDefault("dataset_name", "unnamed-dataset"));
    Configuration hadoop = HadoopSettings.configuration();
    try (Outlines outlines = Outlines.of(config, hadoop)) {
      TrainedModel model =
          InitialParameters.outlined(
              config, outlines.base().source(), outlines.adapter().map(ModelOutline::source));
      RegretReport report =
          SftRegret.of(config, model, hadoop, MachineMemory.here())
              .before(config.sync().workers().orElse(1));
      System.out.print(report.toText());
      outlines.fetches().forEach(fetch -> System.out.println("Files: " + fetch));
      Optional<String> output = settings.text("output");
      if (output.isPresent()) {
        Files.writeString(Path.of(output.get()), report.toJson());
      }
    }
  }

  /**
   * Of what the run would read.
   *
   * @param adapter to go on from
   */
  private record Outlines(ModelOutline base, Optional<ModelOutline> adapter)
      implements AutoCloseable {

    static Outlines of(SftConfig config, Configuration hadoop) throws IOException {
      ModelOutline base = config.model().reference().outline(hadoop);
      try {
        return new Outlines(base, config.startAdapter().map(from -> from.outline(hadoop)));
      } catch (RuntimeException e) {
        base.close();
        throw e;
      }
    }

    List<ModelOutline.Fetch> fetches() {
      return Stream.concat(base.fetch().stream(), adapter.flatMap(ModelOutline::fetch).stream())
          .toList();
    }

    @Override
    public void close() throws IOException {
      base.close();
      if (adapter.isPresent()) {
        adapter.get().close();
      }
    }
  }
}
