package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.Flags;

/**
 * House rules that show in the source text only: imports, a package-info in each package, and the
 * sizes of files and packages.
 */
class SourceRulesTest {

  /** Surefire runs in the module's folder and names it; the repository is one above. */
  private static final Path REPOSITORY =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();

  private static final List<String> MODULES =
      List.of(
          "text",
          "hub",
          "model",
          "engine-nd4j",
          "engine-torch",
          "pipeline",
          "data-prep",
          "reward",
          "train",
          "observe",
          "sweep",
          "spark-job");

  private static final Pattern SPARK_IMPORT = import_("org\\.apache\\.spark\\.");
  private static final Pattern SCALA_IMPORT = import_("scala\\.");
  private static final Pattern DL4J_IMPORT = import_("org\\.deeplearning4j\\.");
  private static final Pattern HADOOP_CONFIGURATION = Pattern.compile("new Configuration\\(\\)");
  private static final Pattern VECTOR_IMPORT = import_("jdk\\.incubator\\.vector\\.");

  /**
   * The sources that may import Spark: those of packages whose purpose Spark is; elsewhere jobs,
   * tables, the commands that open a session, and four classes by name.
   */
  private static final Pattern SPARK_FACING =
      Pattern.compile(
          "/sparklora/(api|spark/workers|spark/dl4j|prep/table|reward/job)/"
              + "|(Job|Tables?|Commands?|SparkSessions|SparkStage|QueryProgress|MetricsSource|ExternalJudge)\\.java$");

  private static final List<String> READERS =
      List.of("pipeline", "data-prep", "reward", "train", "observe", "sweep", "spark-job");

  private static final int MOST_LINES = 400;
  private static final int MOST_FILES = 30; // without package-info.java

  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|(?m)^\\s*//.*$");
  private static final Pattern LITERAL = Pattern.compile("\"(--)?([a-z0-9_]+)\"");
  private static final Pattern ADVICE = Pattern.compile("--([a-z0-9_]+)");

  private static Pattern import_(String prefix) {
    return Pattern.compile("^import (static )?" + prefix, Pattern.MULTILINE);
  }

  @Test
  void noSourceImportsScala() {
    assertThat(sourcesMatching(SCALA_IMPORT, true)).isEmpty();
  }

  @Test
  void sparkIsImportedByJobsTablesAndTheFanOutOnly() {
    assertThat(sourcesMatching(SPARK_IMPORT, false))
        .as(
            "Spark-facing classes are thin: move Spark into a job, a table or a package of SPARK_FACING")
        .allMatch(source -> SPARK_FACING.matcher(source).find());
  }

  @Test
  void deeplearning4jIsImportedInOnePackage() {
    assertThat(sourcesMatching(DL4J_IMPORT, true))
        .allMatch(source -> source.contains("org/sparklora/spark/dl4j/"));
  }

  @Test
  void vectorsAreTouchedByTheVectorEngineOnly() {
    assertThat(sourcesMatching(VECTOR_IMPORT, true))
        .allMatch(source -> source.contains("org/sparklora/model/engine/vector/"));
  }

  /** Another one would not know what {@code --conf spark.hadoop.NAME=…} says. */
  @Test
  void hadoopsConfigurationIsMadeInOnePlace() {
    assertThat(sourcesMatching(HADOOP_CONFIGURATION, false))
        .allMatch(source -> source.endsWith("/HadoopSettings.java"));
  }

  /** What has a flag's name and is none: a metric of the log, a key of a file of other programs. */
  private static final Map<String, Set<String>> NO_FLAGS =
      Map.of(
          "learning_rate",
          Set.of(
              "Metric",
              "TrainerState",
              "RoundMetrics",
              "RunMetricsSource",
              "Tolerance",
              "SftConfig",
              "AdvisedRate"),
          "eval_steps",
          Set.of("TrainerState"),
          "logging_steps",
          Set.of("TrainerState"),
          "max_steps",
          Set.of("TrainerState"),
          "num_train_epochs",
          Set.of("TrainerState"),
          "save_steps",
          Set.of("TrainerState"),
          "run_name",
          Set.of("MlflowRuns"),
          "eos_token", // of a tokenizer's files
          Set.of("ModelText", "PackedRows", "PrepConfig"),
          "chat_template_kwargs", // a column
          Set.of("Columns", "DatasetFormat"),
          "add_generation_prompt", // a variable of templates
          Set.of("PrepSettings"));

  /** A flag is read and named by its constant, which stands for what {@code flags.tsv} says. */
  @Test
  void noTextIsTheNameOfAFlag() {
    Set<String> flags = flags();
    List<String> texts = new ArrayList<>();
    for (Path source : flagReaders()) {
      String file = source.getFileName().toString().replace(".java", "");
      LITERAL
          .matcher(COMMENT.matcher(text(source)).replaceAll(""))
          .results()
          .filter(literal -> literal.group(1) != null || literal.group(2).contains("_"))
          .map(literal -> literal.group(2))
          .filter(flags::contains)
          .filter(name -> !NO_FLAGS.getOrDefault(name, Set.of()).contains(file))
          .forEach(name -> texts.add(file + ": " + name));
    }
    assertThat(texts).isEmpty();
  }

  /** Setting a flag that a message advises must be possible. */
  @Test
  void messagesNameFlagsThatThereAre() {
    Set<String> flags = flags();
    List<String> texts = new ArrayList<>();
    for (Path source : flagReaders()) {
      ADVICE
          .matcher(COMMENT.matcher(text(source)).replaceAll(""))
          .results()
          .map(advice -> advice.group(1))
          .filter(name -> name.contains("_") && !name.equals("no_flag")) // help, of any flag
          .filter(name -> !flags.contains(name.replaceFirst("^no_", "")))
          .forEach(name -> texts.add(source.getFileName() + ": " + name));
    }
    assertThat(texts).isEmpty();
  }

  private static Set<String> flags() {
    return Arrays.stream(Flags.class.getFields())
        .map(field -> field.getName().toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  /** Where flags are read; engines and tokenizers know of none. */
  private static List<Path> flagReaders() {
    return sources(false)
        .filter(
            source ->
                READERS.contains(REPOSITORY.relativize(source).getName(0).toString())
                    && !source.endsWith("Flags.java"))
        .toList();
  }

  @Test
  void everyPackageSaysWhatItIsFor() {
    List<Path> folders =
        sources(false).map(Path::getParent).distinct().filter(SourceRulesTest::lacksInfo).toList();
    assertThat(folders)
        .as("A package-info.java says what the package is for and who may depend on it")
        .isEmpty();
  }

  @Test
  void noFileIsLong() {
    assertThat(sources(false).filter(source -> text(source).lines().count() > MOST_LINES))
        .as("Files of more than %s lines: move a responsibility to a class of its own", MOST_LINES)
        .isEmpty();
  }

  @Test
  void noPackageHasManyFiles() {
    Map<Path, Long> files =
        sources(false)
            .filter(source -> !source.endsWith("package-info.java"))
            .collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));
    files.values().removeIf(count -> count <= MOST_FILES);
    assertThat(files)
        .as("Packages of more than %s files: divide them by purpose", MOST_FILES)
        .isEmpty();
  }

  private static boolean lacksInfo(Path folder) {
    return !Files.exists(folder.resolve("package-info.java"));
  }

  /** Names of the sources, relative to the repository and with slashes, whose text matches. */
  private static List<String> sourcesMatching(Pattern pattern, boolean withTests) {
    return sources(withTests)
        .filter(source -> pattern.matcher(text(source)).find())
        .map(source -> REPOSITORY.relativize(source).toString().replace('\\', '/'))
        .sorted()
        .toList();
  }

  static Stream<Path> sources(boolean withTests) {
    List<String> kinds = withTests ? List.of("main", "test") : List.of("main");
    return MODULES.stream()
        .flatMap(
            module -> kinds.stream().map(kind -> REPOSITORY.resolve(module).resolve("src/" + kind)))
        .filter(Files::isDirectory)
        .flatMap(SourceRulesTest::javaFiles);
  }

  private static Stream<Path> javaFiles(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
