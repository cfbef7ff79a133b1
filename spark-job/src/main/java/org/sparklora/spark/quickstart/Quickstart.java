package org.sparklora.spark.quickstart;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;

/**
 * {@code quickstart}: supervised fine-tuning on bundled rows of GSM8K, then GRPO on generated
 * arithmetic with an adapter and with all weights, in a few minutes on two cores. Needs no network
 * and no arguments.
 */
public final class Quickstart {
  private static final String RECIPE = "conf/quickstart";
  private static final long SEED = 1;

  private Quickstart() {}

  /** Runs commands with arguments as a user would type them. */
  @FunctionalInterface
  public interface CommandRunner {

    /** Runs a command; rethrows its exception. */
    void run(String... arguments) throws Exception;

    /** Runs a command with further arguments. */
    default void run(List<String> arguments, String... more) throws Exception {
      run(Stream.concat(arguments.stream(), Stream.of(more)).toArray(String[]::new));
    }
  }

  /**
   * Runs the command.
   *
   * @param commands runs commands of the command line
   * @param out prints progress and, at the end, the results
   * @param home the repository's root, for {@code conf/quickstart}
   */
  public static void run(Settings settings, CommandRunner commands, PrintStream out, Path home)
      throws Exception {
    Path recipe = home.resolve(RECIPE);
    Path output = LocalPath.of(settings, Flags.OUTPUT_DIR);
    Files.createDirectories(output);
    List<String> results = new ArrayList<>(new SupervisedPart(commands, out, recipe, output).run());
    results.addAll(
        new ReinforcedPart(commands, out, recipe, output, settings.get(Flags.SEED)).run());
    results.forEach(out::println);
  }

  /**
   * {@code quickstart-base}: makes the quickstart's base model again, from nothing: a corpus of
   * generated problems, a random model, and full fine-tuning with {@code
   * conf/quickstart/base.yaml}.
   */
  public static void makeBase(Settings settings, CommandRunner commands, Path home)
      throws Exception {
    Path recipe = home.resolve(RECIPE);
    Path output = LocalPath.of(settings, Flags.OUTPUT_DIR);
    Path corpus = output.resolve("corpus.jsonl");
    Path start = output.resolve("random");
    Files.createDirectories(output);
    BaseCorpus.write(corpus, settings.get(Flags.ROWS), recipe.resolve("gsm8k_base.jsonl.gz"));
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
