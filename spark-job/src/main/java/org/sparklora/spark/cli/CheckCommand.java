package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.observe.estimate.Finding;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.observe.estimate.RegretReport;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFile;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoRegret;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftRegret;
import org.sparklora.sweep.finding.SweepAdvice;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.resume.ModelFingerprint;

/**
 * {@code check}: the regret report of an {@code sft} run with the same flags, or with {@code --task
 * grpo} of a {@code grpo} run, without Spark, weights or tokenizer; of a model on the hub or
 * another file system only headers are read, and the size of the run's download is printed. The
 * dataset is used if its table exists; dataset and output folder may be left out.
 */
final class CheckCommand {
  private static final String GRPO = "grpo";

  private CheckCommand() {}

  static void run(Settings given) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Settings settings =
        (isGrpo(given) ? given : PreparedTables.decided(hadoop, given))
            .withDefault(Flags.OUTPUT_DIR, "unnamed-run");
    if (!settings.isGiven(Flags.DATASETS)) {
      settings = settings.withDefault(Flags.DATASET_NAME, "unnamed-dataset");
    }
    TrainingConfig config = config(settings); // refuses bad settings before anything is read
    try (Outlines outlines = Outlines.of(config.training(), hadoop)) {
      TrainedModel model = outlines.trained(config.training());
      RegretReport report =
          measured(report(config, model, hadoop), settings, model, outlines, hadoop);
      Optional<String> output = settings.find(Flags.OUTPUT);
      if (output.isPresent()) {
        boolean overwrite = settings.get(Flags.OVERWRITE_OUTPUT_DIR);
        try (OutputFile file = OutputFile.open("output", output.get(), overwrite)) {
          file.write(report.toJson());
          file.finish();
        }
      }
      System.out.print(report.toText());
      outlines.fetches().forEach(fetch -> System.out.println("Files: " + fetch));
    }
  }

  /** The report with the advice of a sweep, if {@code sweep} is set. */
  private static RegretReport measured(
      RegretReport report,
      Settings settings,
      TrainedModel model,
      Outlines outlines,
      Configuration hadoop)
      throws IOException {
    if (settings.find(Flags.SWEEP).isEmpty()) {
      return report;
    }
    SweepAdvice advice = SweepAdvice.read(hadoop, settings.get(Flags.SWEEP));
    boolean weightsAreHere = outlines.base().fetch().isEmpty();
    advice.requireSame(
        isGrpo(settings) ? GRPO : "sft",
        weightsAreHere
            ? Optional.of(ModelFingerprint.of(model.checkpoint().folder()))
            : Optional.empty());
    RegretReport advised = report;
    int rank = model.lora().map(LoraConfig::rank).orElse(0);
    for (Finding finding : advice.findings(rank, settings.get(Flags.LEARNING_RATE))) {
      advised = advised.replacing(finding);
    }
    return advised;
  }

  private static boolean isGrpo(Settings settings) {
    return settings.get(Flags.TASK).equals(GRPO);
  }

  private static TrainingConfig config(Settings settings) {
    if (!isGrpo(settings)) {
      return SftConfig.of(settings);
    }
    ConfigException.require(
        settings.command().contains(GRPO),
        Flags.TASK,
        GRPO,
        "a file cannot say so, since it decides on the defaults; give --task grpo on the command"
            + " line");
    return GrpoConfig.of(settings);
  }

  private static RegretReport report(
      TrainingConfig config, TrainedModel model, Configuration hadoop) throws IOException {
    MachineMemory machine = MachineMemory.here();
    return config instanceof SftConfig sft
        ? SftRegret.of(sft, model, hadoop, machine).before(sft.sync().workers().orElse(1))
        : RegretReport.of(
            "GRPO, " + RegretReport.title(model.checkpoint().name(), model.lora()),
            GrpoRegret.of((GrpoConfig) config, hadoop).planned(model),
            machine);
  }
}
