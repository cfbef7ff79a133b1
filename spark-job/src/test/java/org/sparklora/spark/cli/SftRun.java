package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;

/** A run of {@code sft} on a tiny model, in a folder of its own, and what it left there. */
public record SftRun(Path output, List<String> flags) implements LoggedRun {

  /** A run of ten steps on ten rows, in PyTorch's shuffled order. */
  public static SftRun tiny(Path model, Path output, String... more) {
    return new SftRun(
            output,
            CommandRun.words(
                """
                --model_name_or_path %s --packed_dir %s --learning_rate 1e-3 --max_steps 10
                --dataset_name src/test/resources/sft/ragged_2epochs/dataset.jsonl
                --per_device_train_batch_size 1 --logging_steps 1 --disable_tqdm
                """,
                model, model.resolveSibling("packed")))
        .with(more);
  }

  /** The same into another folder, with some flags more. */
  public SftRun into(Path folder, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return new SftRun(folder, all);
  }

  public SftRun with(String... more) {
    return into(output, more);
  }

  public SftRun run(SparkSession spark) throws IOException {
    train(spark, arguments());
    return this;
  }

  /** Trains with these flags, to the end. */
  public static TrainingRun.Result train(SparkSession spark, List<String> flags)
      throws IOException {
    return train(spark, SftConfig.of(CommandLine.parse("sft", flags).settings()));
  }

  static TrainingRun.Result train(SparkSession spark, SftConfig config) throws IOException {
    return SftJob.run(
        SparkSessions.place(spark), config, RunListener.none(), TrainingRun.TO_THE_END);
  }

  /** Copies a folder with all that is in it. */
  public static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    }
  }
}
