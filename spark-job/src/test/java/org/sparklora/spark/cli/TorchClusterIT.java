package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.LocalCluster.Said;

/**
 * The quickstart's model through {@code --engine torch} on two executors that are JVMs of their
 * own, which get libtorch beside the application's jar: the curves are those of one process with
 * the vector engine.
 */
class TorchClusterIT {
  /** Float32 on both sides; sums in another order grow through the optimizer's square roots. */
  private static final double BOUND = 1e-4;

  private static final Path QUICKSTART = LocalCluster.QUICKSTART;

  @TempDir private Path folder;

  private record Run(Path output, List<String> flags) implements LoggedRun {}

  @Test
  void sftHasTheVectorEnginesCurve() throws Exception {
    List<String> flags =
        CommandRun.words(
            "--config %s --dataset_name %s --packed_dir %s --sync gradients --max_steps 12",
            QUICKSTART.resolve("sft.yaml"),
            QUICKSTART.resolve("gsm8k_heldout.jsonl.gz"),
            folder.resolve("packed"));
    assertSameCurves("sft", flags, "loss", "entropy");
  }

  /** Sums as the quickstart's, which its model solves now and then. */
  @Test
  void grpoHasTheVectorEnginesCurve() throws Exception {
    Path problems = folder.resolve("sums.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int first = 1; first <= 8; first++) {
      for (int second = 1; second <= 5; second += 2) {
        rows.append(
            """
            {"prompt": [{"role": "user", "content": "What is %d + %d?"}], "solution": "%d"}
            """
                .formatted(first, second, first + second));
      }
    }
    Files.writeString(problems, rows);
    List<String> flags =
        CommandRun.words(
            "--config %s --use_peft --dataset_name %s --prompts_dir %s --max_steps 6",
            QUICKSTART.resolve("grpo.yaml"), problems, folder.resolve("prompts"));
    assertSameCurves("grpo", flags, "loss", "reward", "entropy");
  }

  private void assertSameCurves(String command, List<String> flags, String... names)
      throws Exception {
    Run vector = run("vector", flags);
    assertThat(CommandRun.ofLocal(command, vector.arguments())).isZero();
    Run torch = run("torch", flags, "--num_workers", "2");
    Said said = LocalCluster.of(2, 1, 2048).with("spark.jars", libtorch()).run(command, torch);

    assertThat(said.executors()).contains("Computing with libtorch");
    TorchRunTest.assertSameCurves(torch, vector, BOUND, names);
  }

  private Run run(String engine, List<String> flags, String... more) {
    List<String> all =
        new ArrayList<>(
            CommandRun.words(
                "--model_name_or_path %s --engine %s --logging_steps 1",
                QUICKSTART.resolve("base"), engine));
    all.addAll(flags);
    all.addAll(List.of(more));
    return new Run(folder.resolve(engine), all);
  }

  /** The jars that a build with -Ptorch puts into the application's; the tests have them. */
  private static String libtorch() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(jar -> jar.matches(".*/(spark-lora-engine-torch|pytorch)-[^/]*\\.jar"))
        .collect(Collectors.joining(","));
  }
}
