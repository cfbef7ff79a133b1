package org.sparklora.spark.cli;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code curate} on executors that are JVMs of their own writes the files that one JVM writes. */
class CurateClusterIT {
  private static final int FILES = 40;
  private static final int COPIES_A_FILE = 3; // of 200 rows
  private static final int FILES_BEFORE_THE_FAULT = 4;
  private static final LocalCluster CLUSTER =
      LocalCluster.of(2, 1, 1536)
          .with("spark.executor.extraJavaOptions", LocalCluster.FIRST_COMPILER); // none trains

  @TempDir private static Path folder;
  private static Curate local;

  private record Curate(Path output, List<String> flags) implements LoggedRun {
    Curate(String name) {
      this(
          folder.resolve(name),
          Stream.concat(
                  CommandRun.words(
                      "--dataset_name %s --near_duplicates 0.7 --keep longest --decontaminate %s",
                      folder.resolve("rows"), folder.resolve("evaluation.jsonl"))
                      .stream(),
                  Stream.of("--filter", "length(question) > 80"))
              .toList());
    }

    /** Files of a folder of the job's work, as long as it has not ended. */
    long files(String of) {
      return unfinished(of).filter(file -> !file.getFileName().toString().startsWith(".")).count();
    }
  }

  @BeforeAll
  static void curateInOneJvm() throws IOException {
    Path rows = Files.createDirectories(folder.resolve("rows"));
    List<String> heldout = LocalCluster.rows("gsm8k_heldout.jsonl.gz");
    for (int file = 0; file < FILES; file++) {
      for (int copy = 0; copy < COPIES_A_FILE; copy++) {
        String number = "\"Row %d: ".formatted(file * COPIES_A_FILE + copy);
        Files.write(
            rows.resolve("part-" + file + ".jsonl"),
            heldout.stream().map(row -> row.replaceFirst("(?<=: )\"", number)).toList(),
            CREATE,
            APPEND);
      }
    }
    Files.write(folder.resolve("evaluation.jsonl"), heldout.subList(0, 20));
    local = new Curate("local");
    assertThat(CommandRun.ofLocal("curate", local.arguments())).isZero();
  }

  /** One is lost among the sketches, one in a query, one among the files of the result. */
  @Test
  void theFilesOutliveAnExecutorInEachStage() throws Exception {
    for (String stage : List.of("_curate/sketches", "_curate/members", "data")) {
      Curate curate = new Curate(stage.replace('/', '-'));
      boolean query = stage.endsWith("members");
      long before = query ? 1 : FILES_BEFORE_THE_FAULT;
      CLUSTER
          .kryo()
          .runLosingAnExecutor(
              "curate",
              curate,
              () -> curate.files(stage) >= before,
              () ->
                  Files.exists(curate.output())
                      || (query
                          ? curate.files("_curate/removals") > 0
                          : curate.files(stage) == FILES));

      SameRun.assertSame(curate.output(), local.output());
    }
  }
}
