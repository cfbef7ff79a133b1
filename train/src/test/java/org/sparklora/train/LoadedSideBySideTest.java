package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Precision;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.PackedSequenceWriter;

/** What one trial loads holds up no other trial, unless both load the same. */
class LoadedSideBySideTest {
  private static final long PATIENCE_S = 60;

  @TempDir private Path folder;
  private final ExecutorService trials = Executors.newCachedThreadPool();

  @AfterEach
  void letThemEnd() throws InterruptedException {
    GatedFileSystem.open();
    trials.shutdown();
    assertThat(trials.awaitTermination(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
  }

  private <T> T meanwhile(Callable<T> work) throws Exception {
    return trials.submit(work).get(PATIENCE_S, TimeUnit.SECONDS);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private TrainedModel frozen(String name) throws Exception {
    Path checkpoint = TestModels.copy("llama-tiny", Files.createDirectories(folder.resolve(name)));
    return TrainedModel.frozen(TestModels.source(checkpoint), Precision.FLOAT32);
  }

  @Test
  void aModelThatIsLoadedHoldsUpNoOtherModelAndIsLoadedAgainIfThatFails() throws Exception {
    TrainedModel slow = frozen("slow");
    TrainedModel other = frozen("other");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch fails = new CountDownLatch(1);
    Future<ExecutorModel> loading =
        trials.submit(
            () ->
                ExecutorModel.of(
                    slow,
                    () -> {
                      begun.countDown();
                      await(fails);
                      throw new IllegalStateException("damaged");
                    }));
    await(begun);
    try {
      meanwhile(() -> ExecutorModel.of(other)).close();
      assertThat(loading).isNotDone();
    } finally {
      fails.countDown();
    }
    assertThatThrownBy(() -> loading.get(PATIENCE_S, TimeUnit.SECONDS))
        .hasMessageContaining("damaged");

    try (ExecutorModel first = ExecutorModel.of(slow);
        ExecutorModel second = ExecutorModel.of(slow)) {
      assertThat(second).isSameAs(first);
    }
    for (TrainedModel model : List.of(slow, other)) {
      ExecutorModel.hold(model);
      ExecutorModel.release(model);
    }
  }

  @Test
  void aTableThatIsReadHoldsUpNoOtherTable() throws Exception {
    TrainingRows slow = table(GatedFileSystem.SLOW);
    TrainingRows other = table("other");
    Future<Integer> reading = trials.submit(slow::count);
    GatedFileSystem.awaitReader();
    assertThat(meanwhile(other::count)).isOne();
    assertThat(reading).isNotDone();
    GatedFileSystem.open();
    assertThat(reading.get(PATIENCE_S, TimeUnit.SECONDS)).isOne();
    slow.close();
    other.close();
  }

  /** Its rows; this process has no copy of them, and finds them behind the gate. */
  private TrainingRows table(String name) {
    Path table = folder.resolve(name + "-table");
    int token = name.length(); // tables of other rows
    Configuration hadoop = GatedFileSystem.shut();
    String file = table.resolve(PackedSequenceTable.fileName(0, 1)).toString();
    try (var writer = PackedSequenceWriter.create(new Configuration(), file, false)) {
      int[] tokens = {token, 2};
      writer.write(new PackedSequence(tokens, tokens, new int[] {2}));
    }
    GatedFileSystem.open();
    TrainingRows rows =
        TrainingRows.of(hadoop, PackedSequenceTable.open(hadoop, GatedFileSystem.name(table)), 100);
    rows.close();
    GatedFileSystem.shut();
    return rows;
  }

  @Test
  void aModelThatIsStagedHoldsUpNoOtherModel() throws Exception {
    Configuration hadoop = GatedFileSystem.shut();
    ModelReference slow = gated(GatedFileSystem.SLOW);
    ModelReference other = gated("other");
    Future<ModelSource> staging = trials.submit(() -> slow.locate(hadoop, ModelSource.Part.WHOLE));
    GatedFileSystem.awaitReader();
    meanwhile(() -> other.locate(hadoop, ModelSource.Part.WHOLE));
    assertThat(staging).isNotDone();
    GatedFileSystem.open();
    assertThat(staging.get(PATIENCE_S, TimeUnit.SECONDS).folder()).isDirectory();
  }

  private ModelReference gated(String name) throws Exception {
    Path checkpoint = TestModels.copy("llama-tiny", Files.createDirectories(folder.resolve(name)));
    return new ModelReference(
        "model_name_or_path",
        GatedFileSystem.name(checkpoint),
        "",
        folder.resolve("staging").toString());
  }
}
