package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.pipeline.run.RunFolder;

class HubPushTest {
  @TempDir private Path folder;

  /** The local disk as {@code waiting:}, which lists folders when the test allows it. */
  public static final class Waiting extends RawLocalFileSystem {
    private static final CountDownLatch MAY_LIST = new CountDownLatch(1);

    @Override
    public String getScheme() {
      return "waiting";
    }

    @Override
    public URI getUri() {
      return URI.create("waiting:///");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      try {
        MAY_LIST.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      return super.listStatus(path);
    }
  }

  @Test
  void aCheckpointIsReadUntilItIsPushed() throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.waiting.impl", Waiting.class.getName());
    Path checkpoint = Files.createDirectories(folder.resolve("run/checkpoint-2"));
    Files.writeString(checkpoint.resolve("adapter_config.json"), "{}");
    Path results = Files.writeString(folder.resolve("run/config.json"), "{}").getParent();
    try (LoopbackEnvironment environment = LoopbackEnvironment.start(folder)) {
      HubPush push = open(hadoop);
      push.checkpointSaved(2, new org.apache.hadoop.fs.Path("waiting://" + checkpoint));
      assertThat(push.reads(2)).isTrue();
      assertThat(push.reads(1)).isFalse();

      Waiting.MAY_LIST.countDown();
      push.resultsSaved(new org.apache.hadoop.fs.Path(results.toUri()));
      assertThat(push.reads(2)).isFalse();
      assertThat(environment.hub().find("models", "ada/tiny").orElseThrow().messages())
          .containsExactly("initial commit", "Training in progress, step 2", "End of training");
    }
  }

  private static HubPush open(Configuration hadoop) {
    return HubPush.open(
        hadoop,
        new PushConfig(
            "ada/tiny",
            "main",
            Optional.empty(),
            PushConfig.Strategy.EVERY_SAVE,
            Optional.empty()));
  }

  /** {@code update}, and a run that fails, have no results. */
  @Test
  void aRunThatEndsWithoutResultsWaitsForItsLastCheckpoint() throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("out/checkpoint-4"));
    Files.writeString(checkpoint.resolve("adapter_config.json"), "{}");
    Configuration hadoop = new Configuration();
    try (LoopbackEnvironment environment = LoopbackEnvironment.start(folder)) {
      String out = folder.resolve("out").toString();
      try (RunFolder run = RunFolder.open(hadoop, out, false, Optional.of(RunFolder.LATEST))) {
        HubPush push = open(hadoop);
        run.whenSaved(push);
        push.checkpointSaved(4, new org.apache.hadoop.fs.Path(checkpoint.toUri()));
      }
      assertThat(environment.hub().find("models", "ada/tiny").orElseThrow().messages())
          .containsExactly("initial commit", "Training in progress, step 4");
    }
  }

  @Test
  void theCommandThatRepeatsAPushQuotesAPathWithBlanks() {
    HubRepo tiny = HubRepo.model("ada/tiny");
    assertThat(HubPush.command(new org.apache.hadoop.fs.Path("hdfs:/runs/a"), tiny, "main"))
        .isEqualTo(
            "bin/spark-lora push --input hdfs:/runs/a --hub_model_id ada/tiny --hub_revision main");
    assertThat(HubPush.command(new org.apache.hadoop.fs.Path("/my runs/ada's"), tiny, "v2"))
        .isEqualTo(
            "bin/spark-lora push --input '/my runs/ada'\\''s' --hub_model_id ada/tiny --hub_revision v2");
  }
}
