package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class VerifyRunCommandTest {
  private static final int MISUSED = 2;
  private static final int FAILED = 1;

  @TempDir private Path folder;
  @RegisterExtension final Captured out = Captured.out();
  @RegisterExtension final Captured err = Captured.err();

  private String output() {
    return out.text() + err.text();
  }

  private String run(String name, double secondLoss) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"step\":1,\"loss\":2.0,\"peak_memory_heap\":7}\n{\"step\":2,\"loss\":%s,\"num_tokens\":64.0}\n"
            .formatted(secondLoss));
    return run.toString();
  }

  @Test
  void passesWhatIsAsRecordedAndShowsWhatIsNot() throws IOException {
    String baseline = folder.resolve("new/baseline.json").toString();
    assertThat(Main.run("verify-run", run("a", 1.5), "--baseline", baseline, "--write_baseline"))
        .as(output())
        .isZero();
    assertThat(Main.run("verify-run", run("b", 1.51), "--baseline", baseline))
        .as(output())
        .isZero();
    assertThat(output()).contains("all 3 values are as in " + baseline);

    assertThat(Main.run("verify-run", run("c", 1.6), "--baseline", baseline)).isEqualTo(FAILED);
    assertThat(output())
        .containsPattern("metric +step +expected +found +tolerance")
        .containsPattern("loss +2 +1\\.50000 +1\\.60000 +1\\.00e-06 \\+ 0\\.0200·\\|expected\\|")
        .contains("differs from %s in 1 of 3 values".formatted(baseline));
  }

  @Test
  void whatIsNotRecordedIsCountedByItself() throws IOException {
    String baseline = folder.resolve("short.json").toString();
    assertThat(Main.run("verify-run", run("a", 1.5), "--baseline", baseline, "--write_baseline"))
        .isZero();
    Path longer = Path.of(run("b", 1.6));
    Files.writeString(
        longer.resolve("metrics.jsonl"),
        "{\"step\":3,\"loss\":1.0}\n{\"step\":4,\"loss\":0.5}\n{\"step\":5,\"loss\":0.4}\n",
        java.nio.file.StandardOpenOption.APPEND);

    assertThat(Main.run("verify-run", longer.toString(), "--baseline", baseline)).isEqualTo(FAILED);
    assertThat(output()).contains("in 1 of 3 values, and has 3 more");
  }

  @Test
  void saysWhatCannotBeRead() throws IOException {
    String run = run("a", 1.5);
    assertThat(Main.run("verify-run", run, "--baseline", folder.resolve("none").toString()))
        .isEqualTo(MISUSED);
    assertThat(output()).contains("there is no such file; record one with --write_baseline");
    assertThat(Main.run("verify-run", folder.toString(), "--baseline", "x")).isEqualTo(MISUSED);
    assertThat(output()).contains("it holds no metrics.jsonl");
  }
}
