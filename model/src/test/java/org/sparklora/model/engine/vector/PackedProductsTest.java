package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/** Products of few rows by packed weights. */
class PackedProductsTest {
  private static final long SEED = 5;
  private static final int MOST_ROWS = 128;
  private static final Engine ONE_THREAD = Engines.open("vector", 1);
  private static final Engine TWO_THREADS = Engines.open("vector", 2);

  @AfterAll
  static void close() {
    ONE_THREAD.close();
    TWO_THREADS.close();
  }

  /** An engine that multiplies in a type by packed weights. */
  private static Engine packing(Engine engine, DType products) {
    boolean can =
        products == DType.BFLOAT16
            ? CompiledGemm.multipliesBfloat16()
            : CompiledGemm.widensPacked();
    assumeTrue(can, () -> "this CPU has no packed products in " + products);
    return engine.withProductsIn(products);
  }

  /** Blocks that are not full, several slices, and sums that oneDNN could cut. */
  static Stream<Arguments> shapes() {
    return Stream.of(
            new int[] {17, 5},
            new int[] {603, 203},
            new int[] {576, 192},
            new int[] {576, 1536},
            new int[] {1536, 576},
            new int[] {1603, 100},
            new int[] {4864, 96},
            new int[] {8960, 48})
        .flatMap(
            shape ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16)
                    .map(products -> arguments(products, shape[0], shape[1])));
  }

  /** Of each row all results, wherever it stands, are those of one product of 128 rows. */
  @ParameterizedTest
  @MethodSource("shapes")
  void aRowsBitsDoNotDependOnHowManyThereAreAndItsPlace(DType products, int in, int out) {
    Engine alone = packing(ONE_THREAD, products);
    Engine together = packing(TWO_THREADS, products);
    try (GuardedTensor x = GuardedTensor.random(ONE_THREAD, SEED, MOST_ROWS, in);
        Tensor w = GuardedTensor.weight(ONE_THREAD, DType.BFLOAT16, SEED + 1, out, in);
        Tensor packed = alone.packed(w);
        GuardedTensor all = GuardedTensor.filled(ONE_THREAD, 1, MOST_ROWS, out)) {
      alone.matmul(x.tensor(), packed, 1f, true, all.tensor());
      for (int rows : new int[] {1, 2, 7, 8, 9, 16, 17, 32, 33, 63, 64, 65, 127, 128}) {
        for (int from : new int[] {0, (MOST_ROWS - rows) / 2, MOST_ROWS - rows}) {
          try (GuardedTensor some = GuardedTensor.filled(ONE_THREAD, 1, rows, out)) {
            float[] expected = all.tensor().rows(from, from + rows).toArray();
            for (Engine engine : new Engine[] {alone, together}) {
              ONE_THREAD.fill(some.tensor(), 1);
              engine.matmul(x.tensor().rows(from, from + rows), packed, 1f, true, some.tensor());
              assertThat(some.values()).as("%d rows from %d", rows, from).isEqualTo(expected);
              some.assertCloseTo(expected, 0); // and guards
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void areThoseOfTheReferenceWithOperandsRounded(DType products, int in, int out) {
    Engine engine = packing(TWO_THREADS, products);
    int chains = products == DType.FLOAT32 ? 2 : 1; // a pair of bfloat16 terms is added at once
    double tolerance = 1e-6 + chains * 1e-6 * Math.sqrt(in); // of float32 sums in another order
    boolean exact = products == DType.FLOAT32; // then what is stored in float32 is not packed
    for (DType type : exact ? List.of(DType.BFLOAT16) : List.of(DType.FLOAT32, DType.BFLOAT16)) {
      for (int rows : new int[] {3, 8, 70}) {
        try (Tensor x = GuardedTensor.random(ONE_THREAD, SEED, rows, in).tensor();
            Tensor w = GuardedTensor.weight(ONE_THREAD, type, SEED + 1, out, in);
            Tensor packed = engine.packed(w);
            Tensor roundedX = as(products, x);
            Tensor roundedW = as(DType.BFLOAT16, w);
            GuardedTensor expected = GuardedTensor.filled(ONE_THREAD, Float.NaN, rows, out);
            GuardedTensor actual = GuardedTensor.filled(ONE_THREAD, Float.NaN, rows, out)) {
          EnginesUnderTest.REFERENCE.matmul(roundedX, roundedW, expected.tensor());
          engine.matmul(x, packed, actual.tensor());
          actual.assertCloseTo(expected.values(), tolerance);
          EnginesUnderTest.REFERENCE.matmul(roundedX, roundedW, -2f, true, expected.tensor());
          engine.matmul(x, packed, -2f, true, actual.tensor());
          actual.assertCloseTo(expected.values(), 3 * tolerance);
        }
      }
    }
  }

  /** Rounded to a type, in float32. */
  private static Tensor as(DType dtype, Tensor x) {
    try (Tensor rounded = ONE_THREAD.copyAs(dtype, x)) {
      return ONE_THREAD.copyAs(DType.FLOAT32, rounded);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void manyRowsAreComputedWithTheWeightItself(DType products) {
    Engine engine = packing(TWO_THREADS, products);
    try (Tensor x = GuardedTensor.random(engine, SEED, MOST_ROWS + 1, 64).tensor();
        Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, SEED, 72, 64);
        Tensor packed = engine.packed(w);
        Tensor expected = engine.allocate(MOST_ROWS + 1, 72);
        Tensor actual = engine.allocate(MOST_ROWS + 1, 72)) {
      engine.matmul(x, w, expected);
      engine.matmul(x, packed, actual);
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
      assertThat(packed.toArray()).isEqualTo(w.toArray());
    }
  }

  @Test
  void inFloat32NoWeightIsPackedThatWouldBeRounded() {
    assertThat(packing(ONE_THREAD, DType.FLOAT32).packsWeights(DType.BFLOAT16)).isTrue();
    assertThat(ONE_THREAD.packsWeights(DType.FLOAT32)).isFalse();
  }

  @Test
  void inBfloat16AllWeightsArePacked() {
    assertThat(packing(ONE_THREAD, DType.BFLOAT16).packsWeights(DType.BFLOAT16)).isTrue();
    assertThat(packing(ONE_THREAD, DType.BFLOAT16).packsWeights(DType.FLOAT32)).isTrue();
  }

  /** Copies count as open memory, a block of 48 outputs by 32 inputs the least. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void copiesAreCountedAndFreed(DType products) {
    Engine engine = packing(ONE_THREAD, products);
    try (Tensor w = GuardedTensor.weight(engine, DType.BFLOAT16, SEED, 56, 33)) {
      engine.packed(w).close(); // what the thread keeps
      long before = NativeMemory.liveBytes();
      Tensor packed = engine.packed(w);
      assertThat(NativeMemory.liveBytes() - before).isEqualTo(96 * 64 * 2);
      packed.close();
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  @Test
  void bucketsAreAscendingAndTakeAllRows() {
    assertThat(IntStream.of(VectorPacked.BUCKETS)).isSorted();
    for (int rows = 1; rows <= MOST_ROWS; rows++) {
      assertThat(VectorPacked.padded(rows)).isBetween(rows, 2 * Math.max(8, rows));
    }
  }
}
