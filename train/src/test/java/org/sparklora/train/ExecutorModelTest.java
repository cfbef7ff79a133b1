package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Precision;

class ExecutorModelTest {
  @TempDir private Path folder;

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS) // who frees a model waits for its users
  void aRunThatEndsLeavesTheModelToOthers() throws IOException {
    Path checkpoint = TestModels.copy("llama-tiny", folder);
    TrainedModel source = TrainedModel.frozen(TestModels.source(checkpoint), Precision.FLOAT32);
    ExecutorModel.hold(source);
    ExecutorModel.hold(source);

    try (ExecutorModel task = ExecutorModel.of(source)) {
      ExecutorModel.release(source);

      try (ExecutorModel next = ExecutorModel.of(source)) {
        assertThat(next).isSameAs(task);
      }
    }
    ExecutorModel first = ExecutorModel.of(source);
    first.close();
    ExecutorModel.release(source); // the last run
    try (ExecutorModel anew = ExecutorModel.of(source)) {
      assertThat(anew).isNotSameAs(first);
    }
    ExecutorModel.release(source);
  }
}
