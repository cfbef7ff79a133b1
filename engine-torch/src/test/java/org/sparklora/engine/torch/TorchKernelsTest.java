package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostAlias;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/** What the contract tests' sizes do not reach: several tiles, memory, threads, other libraries. */
class TorchKernelsTest {
  private static final long SEED = 4;

  private final Engine engine = EnginesUnderTest.opened("torch:2");

  @Test
  void aWeightOfSeveralWidenedTilesIsReadWhole() {
    int in = 1024;
    int out = Products.TILE / in + 100;
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

  @Test
  void additionsToOneRowOfATableAreNotLostAmongThreads() {
    int[] tokens = IntStream.range(0, 5000).map(n -> n * n % 7).toArray();
    try (Tensor dY = GuardedTensor.weight(engine, DType.FLOAT32, SEED, tokens.length, 64);
        GuardedTensor dTable = GuardedTensor.filled(engine, 1, 7, 64);
        GuardedTensor expected = GuardedTensor.filled(engine, 1, 7, 64);
        Indices indices = engine.indices(tokens)) {
      engine.embedBackward(indices, 4, dY, dTable.tensor());
      REFERENCE.embedBackward(REFERENCE.indices(tokens), 4, dY, expected.tensor());
      dTable.assertCloseTo(expected.values(), 1e-4);
    }
  }

  @Test
  void dropoutGoesOnWhereAChunkEnds() {
    long size = Elementwise.CHUNK + 1000L;
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
  void memoryOfThisProcessIsShared() {
    try (FloatPointer memory = new FloatPointer(1, 2, 3)) {
      try (HostAlias alias = engine.alias(memory, 3)) {
        engine.fill(alias.tensor().view(1, 2), 5);
        assertThat(List.of(memory.get(0), memory.get(1), memory.get(2)))
            .containsExactly(1f, 5f, 5f);
      }
      assertThat(memory.get(2)).isEqualTo(5); // its owner's still
    }
  }

  /** In more parts than one. */
  @Test
  void vectorsTravelToADeviceAndBack() {
    int size = TorchDevice.PART + 1000;
    Engine apart = EnginesUnderTest.opened("torch-apart:1");
    float[] numbers = new float[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = i % 1013;
    }
    try (FloatPointer memory = new FloatPointer(numbers);
        FloatPointer zeros = new FloatPointer(new float[size])) {
      try (HostAlias copy = apart.alias(memory, size);
          HostAlias sum = apart.aliasOfZeros(zeros, size)) {
        apart.addScaled(copy.tensor(), 2, sum.tensor());
        sum.writeBack();
        float[] back = new float[size];
        zeros.get(back);
        for (int i = 0; i < size; i++) {
          back[i] /= 2; // to the last bit, of whole numbers
        }
        assertThat(back).isEqualTo(numbers);
        copy.writeBack();
        memory.get(back);
        assertThat(back).isEqualTo(numbers);
      }
    }
  }

  /** JavaCPP counts what the garbage collector would have to free. */
  @Test
  void nothingIsLeftToTheGarbageCollector() {
    everyOperation(); // what is loaded once
    long pointers = Pointer.totalCount();
    long bytes = NativeMemory.liveBytes();
    for (int i = 0; i < 3; i++) {
      everyOperation();
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(bytes);
    assertThat(Pointer.totalCount()).isEqualTo(pointers);
  }

  /** Else a product would hold all tiles of its weight, and attention the scores of all queries. */
  @Test
  void aPartOfARunIsFreedBeforeTheNext() {
    new Scope(1)
        .run(
            () -> {
              long pointers = Pointer.totalCount();
              Scope.part(() -> torch.ones(5));
              assertThat(Pointer.totalCount()).isEqualTo(pointers);
            });
  }

  private void everyOperation() {
    int[] tokens = {1, 5, 3, 6, 2, 0, 4};
    int n = tokens.length;
    Heads heads = new Heads(4, 2, 8);
    Segments documents = Segments.ofLengths(4, 2, 1).continuing(new int[] {-1, 0, 0});
    try (Tensor table = GuardedTensor.weight(engine, DType.BFLOAT16, SEED, 10, 32);
        Tensor x = engine.allocate(n, 32);
        Tensor y = engine.allocate(n, 32);
        Tensor k = GuardedTensor.weight(engine, DType.FLOAT32, SEED, n, 16);
        Tensor dK = engine.allocate(n, 16);
        Tensor weight = engine.copyAs(DType.FLOAT32, table.rows(0, 1));
        Tensor perRow = engine.allocate(n);
        Tensor sums = engine.allocate(n, 4);
        Tensor angles = engine.allocate(10, 4);
        Tensor logits = engine.allocate(n, 10);
        TokenScores scores = TokenScores.allocate(engine, n, 10);
        Indices indices = engine.indices(tokens);
        AttentionMask mask = engine.mask(documents)) {
      engine.embed(table, indices, x);
      engine.rmsNorm(x, weight, 1e-6f, y, perRow);
      engine.rotate(y, 8, angles, angles, indices, false);
      AttentionTensors attended = new AttentionTensors(x, k, k, y, sums);
      engine.attention(attended, heads, mask, 1);
      Gradients gradients = new Gradients(x, x, dK, dK);
      engine.attentionBackward(attended, gradients, heads, mask, 1);
      engine.gate(SILU, x, y, y);
      engine.dropout(y, 0.5f, SEED, y);
      engine.matmul(x, table, logits);
      engine.withProductsIn(DType.BFLOAT16).matmul(x, table, 0.5f, true, logits);
      engine.tokenLogProbs(logits, indices, 1, scores);
      SamplingRule rule = new SamplingRule(0.7f, 3, 0.9f, 0.01f, 1.1f);
      engine.sample(logits, rule, new double[n], Collections.nCopies(n, tokens));
      engine.tokenLogProbsBackwardInPlace(logits, indices, 1, scores.logSumExp(), perRow);
      engine.rmsNormBackward(x, weight, perRow, y, x);
      engine.gateBackwardInPlace(SILU, x, y, y);
      engine.putRows(x, indices, y);
      assertThat(engine.sumOfSquares(y)).isNotNegative();
    }
  }

  /** The BLAS has one number of threads for the whole process. */
  @Test
  void whatOtherThreadsDoLeavesAnEngineTheThreadsOfItsBlas() throws InterruptedException {
    TorchDevice apart = TorchDevice.ofProcessorsApart(Optional.empty());
    Scope three = new Scope(3);
    three.run(() -> {});
    try (Tensor x = TorchTensor.allocate(apart, DType.FLOAT32, 2)) {
      onANewThread(x::toArray);
      assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(3);
    }
    onANewThread(() -> new Scope(1).run(() -> {}));
    three.run(() -> assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(3));
  }

  private static void onANewThread(Runnable work) throws InterruptedException {
    Thread thread = new Thread(work);
    thread.start();
    thread.join();
  }

  @Test
  void failuresAreOneLineOfTheLibrary() {
    Scope scope = new Scope(1);
    assertThatThrownBy(
            () ->
                scope.run(
                    () -> {
                      org.bytedeco.pytorch.Tensor two = torch.ones(2);
                      two.add_(torch.ones(3), new Scalar(1f));
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("libtorch failed: ")
        .hasMessageContaining("size of tensor")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aClosedTensorIsRefused() {
    Tensor x = engine.allocate(3);
    x.close();
    x.close(); // idempotent
    assertThatThrownBy(() -> engine.fill(x, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("freed by close()");
  }

  /** Both bring OpenMP and a BLAS, of which a process has one each. */
  @Test
  void worksBesideOneDnn() {
    try (Engine vector = EnginesUnderTest.open("vector:2");
        Tensor host = vector.allocate(300, 200);
        Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, SEED, 300, 200);
        Tensor expected = vector.allocate(300, 300);
        Tensor y = engine.allocate(300, 300)) {
      w.transferTo(host);
      for (int i = 0; i < 3; i++) {
        vector.matmul(host, host, expected);
        engine.matmul(w, w, y);
        GuardedTensor.assertClose(y.toArray(), expected.toArray(), 300, 1e-4); // of up to 73
      }
    }
  }
}
