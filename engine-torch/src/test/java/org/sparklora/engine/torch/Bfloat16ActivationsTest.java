package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.ActivationMemory;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * Operations on activations in bfloat16 beside the same on the same numbers in float32. What is
 * kept in bfloat16 is within one rounding of 2⁻⁸, and of what float32 itself is off; what is
 * float32, gradients and what softmax and norms leave, is as near as float32's own.
 */
class Bfloat16ActivationsTest {
  private static final long SEED = 21;
  private static final int N = 70;

  /** Half a unit in the last of bfloat16's 8 bits. */
  private static final double ROUNDING = 1.0 / 256;

  private static final double OF_FLOATS = 2e-5;

  /** Of attention's largest gradient: they are differences of sums over what was rounded. */
  private static final double OF_ATTENTION = 1.0 / 256;

  static Stream<Engine> engines() {
    return Stream.of("torch:1", "torch-apart:1")
        .map(name -> EnginesUnderTest.opened(name).withProductsIn(DType.BFLOAT16));
  }

  /** Numbers that bfloat16 holds, in both types. */
  private record Both(Tensor half, Tensor whole) {
    static Both random(Engine engine, long seed, int rows, int columns) {
      Tensor half = GuardedTensor.weight(engine, DType.BFLOAT16, seed, rows, columns);
      return new Both(half, engine.copyAs(DType.FLOAT32, half));
    }

    Tensor of(DType type) {
      return type == DType.BFLOAT16 ? half : whole;
    }
  }

  private static void check(
      Engine engine, double bound, int rows, int columns, BiConsumer<DType, Tensor> operation) {
    check(engine, DType.BFLOAT16, bound, OF_FLOATS, rows, columns, operation);
  }

  /** The operation on both types; a result of bfloat16, or float32, beside one of float32. */
  private static void check(
      Engine engine,
      DType type,
      double bound,
      double ofLargest,
      int rows,
      int columns,
      BiConsumer<DType, Tensor> operation) {
    try (Tensor expected = engine.allocate(rows, columns);
        Tensor actual = engine.allocate(type, rows, columns)) {
      operation.accept(DType.FLOAT32, expected);
      operation.accept(DType.BFLOAT16, actual);
      float[] right = expected.toArray();
      float[] found = actual.toArray();
      double largest = 0;
      for (float value : right) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertThat(largest).isPositive();
      for (int i = 0; i < right.length; i++) {
        assertThat((double) found[i])
            .as("element %d", i)
            .isCloseTo(right[i], Offset.offset(bound * Math.abs(right[i]) + ofLargest * largest));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void activationsAndCacheAreBfloat16(Engine engine) {
    assertThat(engine.activationType()).isEqualTo(DType.BFLOAT16);
    assertThat(engine.withProductsIn(DType.FLOAT32).activationType()).isEqualTo(DType.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void aStepHoldsWhatIsForeseen(Engine engine) {
    DecoderConfig model = CountedRun.shape(3);
    LoraConfig lora = new LoraConfig(4, 8, 0, false, LoraTargets.ofFlag(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora, model);
    PackedBatch batch = new PackedBatch(new int[N], new int[N], Segments.ofLengths(N));
    try (Decoder decoder =
            Decoder.ofRandomWeights(
                model, layout, engine, new Precision(DType.BFLOAT16, DType.FLOAT32));
        AdapterStep step = new AdapterStep(decoder, engine, false);
        Tensor parameters = engine.allocate(layout.size());
        Tensor gradient = engine.allocate(layout.size())) {
      step.lossAndGradient(parameters, batch, new CrossEntropyLoss(N), 1, gradient);
      assertThat(step.activationBytes())
          .isEqualTo(
              ActivationMemory.bytes(
                  model,
                  Optional.of(layout),
                  false,
                  Engines.counting(DType.BFLOAT16, DType.BFLOAT16),
                  N));
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void whatIsElementwiseIsRoundedOnce(Engine engine) {
    Both x = Both.random(engine, SEED, N, 64);
    Both gate = Both.random(engine, SEED + 1, N, 64);
    Both table = Both.random(engine, SEED + 2, 80, 64);
    Both bias = Both.random(engine, SEED + 3, 1, 64);
    try (Tensor weight = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 4, 1, 64);
        Tensor rstd = engine.allocate(N);
        Tensor cos = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 5, 100, 8);
        Tensor sin = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 6, 100, 8);
        Indices places = engine.indices(new int[N])) {
      check(engine, ROUNDING, N, 64, (t, y) -> engine.rmsNorm(x.of(t), weight, 1e-5f, y, rstd));
      check(
          engine, ROUNDING, N, 64, (t, y) -> engine.rmsNormAgain(x.of(t), weight, 1e-5f, y, rstd));
      check(engine, ROUNDING, N, 64, (t, y) -> engine.gate(SILU, gate.of(t), x.of(t), y));
      check(engine, ROUNDING, N, 64, (t, y) -> engine.embed(table.of(t), places, y));
      check(
          engine,
          ROUNDING,
          N,
          64,
          (t, y) -> {
            engine.copy(x.of(t), y);
            engine.rotate(y, 16, cos, sin, places, false);
          });
      check(
          engine,
          ROUNDING,
          N,
          64,
          (t, y) -> {
            engine.copy(x.of(t), y);
            engine.addBias(y, bias.whole);
          });
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void gradientsAreFloat32(Engine engine) {
    Both x = Both.random(engine, SEED, N, 64);
    Both dY = Both.random(engine, SEED + 1, N, 64);
    try (Tensor weight = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 4, 1, 64);
        Tensor rstd = engine.allocate(N);
        Tensor unused = engine.allocate(N, 64)) {
      engine.rmsNorm(x.whole, weight, 1e-5f, unused, rstd);
      check(
          engine,
          DType.FLOAT32,
          0,
          OF_FLOATS,
          N,
          64,
          (t, dX) -> engine.rmsNormBackward(x.of(t), weight, rstd, dY.whole, dX));
      check(
          engine,
          DType.FLOAT32,
          0,
          OF_FLOATS,
          1,
          64,
          (t, dW) -> engine.rmsNormBackwardWeight(x.of(t), rstd, dY.whole, dW));
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void aGatesGradientsAreRoundedOnce(Engine engine) {
    Both gate = Both.random(engine, SEED, N, 64);
    Both up = Both.random(engine, SEED + 1, N, 64);
    try (Tensor dY = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 2, N, 64);
        Tensor gates = engine.copyAs(DType.FLOAT32, gate.whole);
        Tensor ups = engine.copyAs(DType.FLOAT32, up.whole)) {
      engine.gateBackwardInPlace(SILU, gates, ups, dY);
      engine.gateBackwardInPlace(SILU, gate.half, up.half, dY);
      check(engine, ROUNDING, N, 64, (t, y) -> engine.copy(new Both(gate.half, gates).of(t), y));
      check(engine, ROUNDING, N, 64, (t, y) -> engine.copy(new Both(up.half, ups).of(t), y));
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void productsAreRoundedOnceWhereTheirResultIsKept(Engine engine) {
    for (int rows : new int[] {3, N, 200}) {
      Both x = Both.random(engine, SEED, rows, 64);
      Both before = Both.random(engine, SEED + 2, rows, 48);
      try (Tensor w = GuardedTensor.weight(engine, DType.BFLOAT16, SEED + 1, 48, 64)) {
        check(engine, ROUNDING, rows, 48, (t, y) -> engine.matmul(x.of(t), w, y));
        check(
            engine,
            ROUNDING,
            rows,
            48,
            (t, y) -> {
              engine.copy(before.of(t), y);
              engine.matmul(x.of(t), w, -0.5f, true, y);
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void attentionReadsAndWritesBfloat16(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    List<Segments> cases =
        List.of(
            Segments.ofLengths(30, 40),
            Segments.ofLengths(40, 20, 10).continuing(new int[] {-1, 0, 0}),
            Segments.ofLengths(IntStream.range(0, N).map(i -> 1).toArray()));
    Both q = Both.random(engine, SEED, N, 64);
    Both k = Both.random(engine, SEED + 1, N, 32);
    Both v = Both.random(engine, SEED + 2, N, 32);
    for (Segments documents : cases) {
      try (AttentionMask mask = engine.mask(documents);
          Tensor sums = engine.allocate(N, 4);
          Tensor dY = GuardedTensor.weight(engine, DType.FLOAT32, SEED + 3, N, 64)) {
        check(
            engine,
            ROUNDING,
            N,
            64,
            (t, y) ->
                engine.attention(
                    new AttentionTensors(q.of(t), k.of(t), v.of(t), y, sums), heads, mask, 0.25f));
        check(
            engine,
            DType.FLOAT32,
            0,
            OF_ATTENTION,
            N,
            64 + 2 * 32,
            (t, all) -> {
              Tensor y = engine.allocate(t, N, 64);
              AttentionTensors tensors = new AttentionTensors(q.of(t), k.of(t), v.of(t), y, sums);
              engine.attention(tensors, heads, mask, 0.25f);
              engine.attentionBackward(
                  tensors,
                  new Gradients(
                      dY, all.view(0, N, 64), all.view(N * 64L, N, 32), all.view(N * 96L, N, 32)),
                  heads,
                  mask,
                  0.25f);
              y.close();
            });
      }
    }
  }
}
