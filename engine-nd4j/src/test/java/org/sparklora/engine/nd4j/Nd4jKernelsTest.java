package org.sparklora.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostAlias;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/** What the contract tests' sizes do not reach: several tiles, devices, DL4J's workspaces. */
class Nd4jKernelsTest {
  private static final long SEED = 4;

  private final Engine engine = EnginesUnderTest.of(new Nd4jKernels(1));

  @Test
  void aWeightOfSeveralWidenedTilesIsReadWhole() {
    int in = 1024;
    int out = Nd4jProducts.TILE / in + 100;
    try (GuardedTensor x = GuardedTensor.random(engine, SEED + 1, 2, in);
        Tensor w = GuardedTensor.weight(engine, DType.BFLOAT16, SEED, out, in);
        GuardedTensor y = GuardedTensor.filled(engine, 0, 2, out);
        GuardedTensor expected = GuardedTensor.filled(engine, 0, 2, out);
        GuardedTensor dX = GuardedTensor.filled(engine, 1, 2, in);
        GuardedTensor expectedDx = GuardedTensor.filled(engine, 1, 2, in)) {
      engine.matmul(x.tensor(), w, y.tensor());
      REFERENCE.matmul(x.tensor(), w, expected.tensor());
      y.assertCloseTo(expected.values(), 5e-5);
      engine.matmulInput(expected.tensor(), w, 0.01f, true, dX.tensor());
      REFERENCE.matmulInput(expected.tensor(), w, 0.01f, true, expectedDx.tensor());
      dX.assertCloseTo(expectedDx.values(), 1e-4);
    }
  }

  /** ND4J's scatter loses additions to one row, and its sums lose digits, where threads share. */
  @Test
  void severalThreadsLoseNothing() {
    int[] tokens = IntStream.range(0, 1000).map(n -> n * n % 7).toArray();
    Engine threads = EnginesUnderTest.of(new Nd4jKernels(4));
    try (Tensor dY = GuardedTensor.weight(threads, DType.FLOAT32, SEED, tokens.length, 64);
        GuardedTensor dTable = GuardedTensor.filled(threads, 1, 7, 64);
        GuardedTensor expected = GuardedTensor.filled(threads, 1, 7, 64);
        Tensor logits = GuardedTensor.weight(threads, DType.FLOAT32, SEED, 2, 49_152)) {
      threads.embedBackward(threads.indices(tokens), 4, dY, dTable.tensor());
      REFERENCE.embedBackward(REFERENCE.indices(tokens), 4, dY, expected.tensor());
      dTable.assertCloseTo(expected.values(), 2e-5);
      assertThat(logSumExp(threads, logits))
          .containsExactly(logSumExp(REFERENCE, logits), within(2e-6f));
    } finally {
      new Nd4jKernels(1); // the number of threads is the whole JVM's
    }
  }

  private static float[] logSumExp(Engine engine, Tensor logits) {
    try (TokenScores y = TokenScores.allocate(engine, 2, logits.columns())) {
      engine.tokenLogProbs(logits, engine.indices(new int[2]), 1, y);
      return y.logSumExp().toArray();
    }
  }

  @Test
  void dropoutGoesOnWhereAChunkEnds() {
    long size = Nd4jDropout.CHUNK + 1000L;
    try (Tensor x = engine.allocate(size);
        Tensor y = engine.allocate(size);
        Tensor expected = REFERENCE.allocate(size)) {
      engine.fill(x, 3);
      engine.dropout(x, 0.4f, SEED, y);
      REFERENCE.dropout(x, 0.4f, SEED, expected);
      assertThat(y.toArray()).isEqualTo(expected.toArray());
    }
  }

  @Test
  void memoryThatADeviceCannotReachIsCopiedThereAndBack() {
    Engine onDevice = EnginesUnderTest.of(new Nd4jKernels(1, false));
    long before = NativeMemory.liveBytes();
    try (FloatPointer memory = new FloatPointer(1, 2, 3);
        HostAlias alias = onDevice.alias(memory, 3)) {
      onDevice.addScaled(alias.tensor(), 1, alias.tensor());
      assertThat(numbers(memory)).containsExactly(1, 2, 3);
      alias.writeBack();
      assertThat(numbers(memory)).containsExactly(2, 4, 6);
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void zerosAreNotSentAndWhatADeviceMakesOfThemComesBack() {
    Engine onDevice = EnginesUnderTest.of(new Nd4jKernels(1, false));
    try (FloatPointer memory = new FloatPointer(0, 0, 0)) {
      try (HostAlias sum = onDevice.aliasOfZeros(memory, 3)) {
        assertThat(sum.tensor().toArray()).containsExactly(0, 0, 0);
        onDevice.fill(sum.tensor(), 4);
        assertThat(numbers(memory)).containsExactly(0, 0, 0);
        sum.writeBack();
      }
      assertThat(numbers(memory)).containsExactly(4, 4, 4);
      try (HostAlias sum = engine.aliasOfZeros(memory, 3)) {
        assertThat(sum.tensor().toArray()).as("the memory itself").containsExactly(4, 4, 4);
      }
    }
  }

  @Test
  void memoryOfThisProcessIsSharedOnProcessors() {
    try (FloatPointer memory = new FloatPointer(1, 2, 3)) {
      try (HostAlias alias = engine.alias(memory, 3)) {
        engine.fill(alias.tensor().view(1, 2), 5);
        assertThat(numbers(memory)).containsExactly(1, 5, 5);
        alias.writeBack(); // both are one
      }
      assertThat(numbers(memory)).containsExactly(1, 5, 5);
    }
  }

  private static float[] numbers(FloatPointer memory) {
    return new float[] {memory.get(0), memory.get(1), memory.get(2)};
  }

  /** What the counting of bytes does not see is ND4J's own workspace. */
  @Test
  void closingFreesScratchMemory() {
    long before = NativeMemory.liveBytes();
    try (Engine closed = EnginesUnderTest.of(new Nd4jKernels(1));
        Tensor x = closed.allocate(1000)) {
      closed.dropout(x, 0.4f, SEED, x);
      assertThat(Nd4jScratch.isHeldByCallingThread()).isTrue();
    }
    assertThat(Nd4jScratch.isHeldByCallingThread()).isFalse();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void gatheredKeysAreFreedWhereTheyCannotBeCopied() {
    Branch twoRuns = new Branch(0, 1, List.of(new Branch.Run(0, 1), new Branch.Run(2, 1)), 2);
    Nd4jAttention attention = new Nd4jAttention(new Heads(1, 1, 4), List.of(twoRuns), 1);
    long before = NativeMemory.liveBytes();
    Nd4jTensor closed = Nd4jTensor.allocate(DType.FLOAT32, 3, 4);
    closed.close();
    try (Nd4jTensor q = Nd4jTensor.allocate(DType.FLOAT32, 1, 4);
        Nd4jTensor sums = Nd4jTensor.allocate(DType.FLOAT32, 1, 1)) {
      assertThatThrownBy(() -> attention.forward(new AttentionTensors(q, closed, closed, q, sums)))
          .hasMessageContaining("freed by close()");
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void tensorsOutliveTheWorkspaceTheyAreAllocatedIn() {
    MemoryWorkspace dl4j = Nd4j.getWorkspaceManager().getAndActivateWorkspace("somebody-else's");
    Tensor x = engine.allocate(1000);
    engine.fill(x, 7);
    dl4j.close();
    for (int i = 0; i < 3; i++) { // others take the workspace's memory
      try (MemoryWorkspace again =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace("somebody-else's")) {
        assertThat(again.isScopeActive()).isTrue();
        Nd4j.ones(2000);
      }
    }
    assertThat(x.toArray()).containsOnly(7f);
    x.close();
    x.close(); // idempotent
  }
}
