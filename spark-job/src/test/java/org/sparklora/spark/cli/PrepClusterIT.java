package org.sparklora.spark.cli;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code prep} on executors that are JVMs of their own writes the table that one JVM writes. */
class PrepClusterIT {
  private static final int FILES = 40;
  private static final int COPIES_A_FILE = 5; // of 200 rows
  private static final int FILES_BEFORE_THE_FAULT = 4;
  private static final LocalCluster CLUSTER =
      LocalCluster.of(2, 1, 1536)
          .with("spark.executor.extraJavaOptions", LocalCluster.FIRST_COMPILER); // none trains

  @TempDir private static Path folder;
  private static Prep local;

  private record Prep(Path output, List<String> flags) implements LoggedRun {
    Prep(String name) {
      this(
          folder.resolve(name),
          CommandRun.words(
              "--model_name_or_path %s --dataset_name %s --packing --max_length 512",
              LocalCluster.QUICKSTART.resolve("base"), folder.resolve("rows")));
    }

    /** As long as it tokenizes; each file of the dataset gives one. */
    long filesTokenized() {
      return unfinished("_documents")
          .filter(file -> file.getFileName().toString().startsWith("documents-"))
          .count();
    }
  }

  @BeforeAll
  static void prepareInOneJvm() throws IOException {
    Path rows = Files.createDirectories(folder.resolve("rows"));
    List<String> heldout = LocalCluster.rows("gsm8k_heldout.jsonl.gz");
    for (int file = 0; file < FILES; file++) {
      for (int copy = 0; copy < COPIES_A_FILE; copy++) {
        Files.write(rows.resolve("part-" + file + ".jsonl"), heldout, CREATE, APPEND);
      }
    }
    local = new Prep("local");
    assertThat(CommandRun.ofLocal("prep", local.arguments())).isZero();
  }

  @Test
  void theTableIsThatOfOneJvm() throws Exception {
    Prep prep = new Prep("cluster");
    CLUSTER.run("prep", prep);

    SameRun.assertSame(prep.output(), local.output());
  }

  @Test
  void theTableOutlivesAnExecutorUnderKryo() throws Exception {
    Prep prep = new Prep("killed");
    CLUSTER
        .kryo()
        .runLosingAnExecutor(
            "prep",
            prep,
            () -> prep.filesTokenized() >= FILES_BEFORE_THE_FAULT,
            () -> prep.filesTokenized() == FILES || Files.exists(prep.output()));

    SameRun.assertSame(prep.output(), local.output());
  }
}
