package org.sparklora.spark.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSError;
import org.sparklora.api.Failure;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.HelpText;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.NativeCache;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.spark.bench.Bench;
import org.sparklora.spark.quickstart.Quickstart;
import org.sparklora.spark.run.JvmOptions;

/**
 * The command line: {@code spark-lora COMMAND --flag value …}.
 *
 * <p>A mistake of the user ends in one line on standard error and exit code 2, any other failure in
 * one line and 1; {@code --debug_errors} adds the stack trace.
 */
public final class Main {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  /** Commands by their names in other programs. */
  private static final Map<String, String> OTHER_COMMANDS =
      Map.ofEntries(
          Map.entry("train", "sft"),
          Map.entry("finetune", "sft"),
          Map.entry("rl", "grpo"),
          Map.entry("prepare", "prep"),
          Map.entry("pack", "prep"),
          Map.entry("dedup", "curate"),
          Map.entry("infer", "generate"),
          Map.entry("evaluate", "eval"),
          Map.entry("upload", "push"),
          Map.entry("plot", "report"),
          Map.entry("estimate", "check"));

  private static final List<String> HELP = List.of("--help", "-h", "help");
  private static final String DEBUG_FLAG = "__" + Flags.DEBUG_ERRORS;

  private static final List<Command> COMMANDS =
      List.of(
          new Command(
              "prep",
              "make a table of packed rows, or of prompts, of a dataset",
              TableCommands::prep),
          new Command(
              "curate",
              "remove duplicates, and rows of evaluation sets, from a dataset",
              TableCommands::curate),
          new Command(
              "sft", "fine-tune a model or a LoRA adapter on a dataset", TrainCommands::sft),
          new Command(
              "grpo",
              "train a model or a LoRA adapter on rewards of its answers",
              TrainCommands::grpo),
          new Command("update", "train on one round of judged generations", TrainCommands::update),
          new Command(
              "check",
              "estimated cost and expected quality of an sft run, or of a grpo run",
              CheckCommand::run),
          new Command(
              "merge",
              "add an adapter to the weights of its base model",
              settings ->
                  new Written().say(settings.get(Flags.OUTPUT_DIR), SparkLora.merge(settings))),
          new Command(
              "reward", "judge generations: rewards and group advantages", TableCommands::reward),
          new Command(
              "select",
              "make a dataset of correct completions, or of their prompts",
              TableCommands::select),
          new Command("generate", "complete prompts", GenerateCommand::run),
          new Command("eval", "how many problems a model solves", TableCommands::eval),
          new Command("score", "log-probabilities of given tokens", ScoreCommand::run),
          new Command("tokenize", "the tokens of texts and conversations", TokenizeCommand::run),
          new Command("track", "tell trackers of a run that has ended", RunCommands::track)
              .of(Flags.RUN),
          new Command("report", "curves and outcome of runs side by side", RunCommands::report)
              .of(Flags.RUNS),
          new Command("verify-run", "compare a run with a recorded one", RunCommands::verify)
              .of(Flags.RUN),
          new Command(
              "sweep", "train many runs that differ in their settings", TrainCommands::sweep),
          new Command("bench", "how fast this machine computes a model's shape", Bench::run),
          new Command(
              "push",
              "push a run's results to the Hugging Face hub",
              settings ->
                  System.out.println(
                      "pushed %s to %s"
                          .formatted(settings.get(Flags.INPUT), SparkLora.push(settings)))),
          new Command(
              "quickstart",
              "fine-tune and reinforce a small bundled model in a few minutes",
              settings -> Quickstart.run(settings, Main::dispatch, System.out, home())),
          new Command(
              "quickstart-base",
              "train the quickstart's base model again",
              settings -> Quickstart.makeBase(settings, Main::dispatch, home())));

  private Main() {}

  public static void main(String[] arguments) {
    // Spark's pages show this property, and its event log keeps it
    System.setProperty("sun.java.command", Main.class.getName());
    Locale.setDefault(Locale.ROOT); // for messages of Spark and others; ours name their locale
    Signals.listen();
    int code = run(arguments);
    Signals.commandEnded();
    if (code != 0) {
      System.exit(
          code); // only on failure: on a cluster an early exit would cut the application's end off
    }
  }

  public static int run(String... arguments) {
    try {
      JvmOptions.completeHere();
      PropertiesFile.apply();
      HadoopSettings.nameUser();
      dispatch(arguments);
      return 0;
    } catch (Exception | OutOfMemoryError | LinkageError | FSError e) {
      // the last two on a full disk: a native library that cannot be unpacked, Hadoop's own error
      if (Interruption.isRequested()) {
        return FAILED; // the stop caused the failure; Signals prints the message
      }
      System.err.println("spark-lora: " + Failure.message(e));
      if (isDebugged(arguments)) {
        e.printStackTrace();
      }
      return Failure.isOfSettings(e) ? MISUSED : FAILED;
    }
  }

  /** Whether a flag asks for stack traces, also among arguments that cannot be parsed. */
  private static boolean isDebugged(String... arguments) {
    return Stream.of(arguments)
        .map(argument -> argument.split("=", 2))
        .anyMatch(
            word ->
                word[0].replace('-', '_').equals(DEBUG_FLAG)
                    && (word.length == 1 || !word[1].matches("(?i)false|f|no|n|0")));
  }

  private static void dispatch(String... arguments) throws Exception {
    if (arguments.length == 0 || HELP.contains(arguments[0])) {
      // help sft is sft --help
      System.out.print(arguments.length < 2 ? usage() : help(find(arguments[1]), List.of()));
      return;
    }
    if (List.of("--version", "version").contains(arguments[0])) {
      System.out.println("spark-lora " + version());
      return;
    }
    Command command = find(arguments[0]);
    List<String> flags = command.named(Arrays.asList(arguments).subList(1, arguments.length));
    if (flags.contains("--help") || flags.contains("-h")) {
      System.out.print(help(command, flags));
      return;
    }
    CommandLine.Parsed parsed = CommandLine.parse(command.name(), flags);
    parsed.notes().forEach(System.err::println);
    ScratchPlace.require(); // also before Spark, which would log hundreds of lines
    NativeCache.secure();
    try {
      Request.check(parsed.settings());
      command.action().run(parsed.settings());
    } catch (ConfigException e) {
      throw parsed.settings().located(e);
    }
  }

  private static String help(Command command, List<String> flags) {
    String name = CommandLine.withTask(command.name(), flags);
    return HelpText.of(name, command.summary(), Terminal.columns(HelpText.WIDTH));
  }

  private static Command find(String name) {
    List<String> names = COMMANDS.stream().map(Command::name).toList();
    return COMMANDS.stream()
        .filter(command -> command.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "the command",
                    name,
                    nearest(name, names)
                            .map("did you mean %s? There are "::formatted)
                            .orElse("use one of ")
                        + String.join(", ", names)
                        + "; --help says what they do"));
  }

  /** The command nearest to a typed name, by its own name or that in other programs. */
  private static Optional<String> nearest(String typed, List<String> names) {
    List<String> all = new ArrayList<>(names);
    all.addAll(OTHER_COMMANDS.keySet());
    return Nearest.of(typed, all).map(name -> OTHER_COMMANDS.getOrDefault(name, name));
  }

  /** The repository's root, if the launcher set it. */
  private static Path home() {
    return Path.of(System.getProperty("lora.home", "."));
  }

  private static String version() throws IOException {
    try (InputStream text = Main.class.getResourceAsStream("version.txt")) {
      return "%s, Java %s"
          .formatted(
              new String(text.readAllBytes(), StandardCharsets.UTF_8).strip(),
              System.getProperty("java.version"));
    }
  }

  private static String usage() {
    StringBuilder text =
        new StringBuilder("Usage: spark-lora COMMAND [--flag value ...]%n%n".formatted());
    COMMANDS.forEach(
        command -> text.append("  %-16s %s%n".formatted(command.name(), command.summary())));
    return text.append(
            "%nspark-lora COMMAND --help lists a command's flags, with examples; --version tells the version.%n"
                .formatted())
        .toString();
  }
}
