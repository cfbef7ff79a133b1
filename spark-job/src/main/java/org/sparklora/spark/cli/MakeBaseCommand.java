package org.sparklora.spark.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.quickstart.BaseCorpus;
import org.sparklora.spark.quickstart.CommandRunner;
import org.sparklora.spark.quickstart.RandomCheckpoint;

/**
 * {@code quickstart-base}: makes the quickstart's base model again, from nothing: a corpus of
 * generated problems, a random model, and full fine-tuning with {@code conf/quickstart/base.yaml}.
 */
public final class MakeBaseCommand {
  private static final long SEED = 1;

  private MakeBaseCommand() {}

  /** Runs the command. */
  public static void run(Settings settings, CommandRunner commands, Path home) throws Exception {
    int problems = settings.get(Flags.ROWS);
    Path output = LocalPath.of(settings, Flags.OUTPUT_DIR);
    Path recipe = home.resolve("conf/quickstart");
    Path corpus = output.resolve("corpus.jsonl");
    Path start = output.resolve("random");
    Files.createDirectories(output);
    BaseCorpus.write(corpus, problems, recipe.resolve("gsm8k_base.jsonl.gz"));
    RandomCheckpoint.write(recipe.resolve("base"), start, SEED);
    commands.run(
        "sft",
        "--" + Flags.CONFIG,
        recipe.resolve("base.yaml").toString(),
        "--" + Flags.MODEL_NAME_OR_PATH,
        start.toString(),
        "--" + Flags.DATASET_NAME,
        corpus.toString(),
        "--" + Flags.OUTPUT_DIR,
        output.resolve("base").toString());
  }
}
