package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.NativeMemory;
import org.sparklora.model.engine.Tensor;

/** Products of few rows by packed weights, in float32 and in bfloat16. */
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

  /** One with products in each type that this CPU packs weights for. */
  private static Stream<Engine> packing(Engine engine) {
    return Stream.of(DType.FLOAT32, DType.BFLOAT16)
        .filter(
            type ->
                type == DType.FLOAT32
                    ? CompiledGemm.packsFloat32()
                    : CompiledGemm.multipliesBfloat16())
        .map(engine::withProductsIn);
  }

  static Stream<Engine> ofOneThread() {
    return packing(ONE_THREAD);
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
                Stream.of(ONE_THREAD, TWO_THREADS)
                    .flatMap(PackedProductsTest::packing)
                    .map(engine -> arguments(engine, shape[0], shape[1])));
  }

  /** Of each row all results, wherever it stands, are those of one product of 128 rows. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("shapes")
  void aRowsBitsDoNotDependOnHowManyThereAreAndItsPlace(Engine engine, int in, int out) {
    try (GuardedTensor x = GuardedTensor.random(ONE_THREAD, SEED, MOST_ROWS, in);
        Tensor w = GuardedTensor.weight(ONE_THREAD, DType.BFLOAT16, SEED + 1, out, in);
        Tensor packed = engine.packed(w);
        GuardedTensor all = GuardedTensor.filled(ONE_THREAD, 1, MOST_ROWS, out)) {
      ONE_THREAD.withProductsIn(packed.dtype()).matmulAdd(x.tensor(), packed, 1f, all.tensor());
      for (int rows : new int[] {1, 2, 7, 8, 9, 16, 17, 32, 33, 63, 64, 65, 127, 128}) {
        for (int from : new int[] {0, (MOST_ROWS - rows) / 2, MOST_ROWS - rows}) {
          try (GuardedTensor some = GuardedTensor.filled(ONE_THREAD, 1, rows, out)) {
            engine.matmulAdd(x.tensor().rows(from, from + rows), packed, 1f, some.tensor());
            float[] expected = all.tensor().rows(from, from + rows).toArray();
            assertThat(some.values()).as("%d rows from %d", rows, from).isEqualTo(expected);
            some.assertCloseTo(expected, 0); // and guards
          }
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("shapes")
  void areThoseOfTheReferenceWithOperandsInTheTypeOfProducts(Engine engine, int in, int out) {
    double tolerance = 1e-6 + 1e-6 * Math.sqrt(in); // of float32 sums in another order
    for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
      for (int rows : new int[] {3, 8, 70}) {
        try (Tensor x = GuardedTensor.random(ONE_THREAD, SEED, rows, in).tensor();
            Tensor w = GuardedTensor.weight(ONE_THREAD, type, SEED + 1, out, in);
            Tensor packed = engine.packed(w);
            Tensor roundedX = rounded(x, packed.dtype());
            Tensor roundedW = rounded(w, packed.dtype());
            GuardedTensor expected = GuardedTensor.filled(ONE_THREAD, Float.NaN, rows, out);
            GuardedTensor actual = GuardedTensor.filled(ONE_THREAD, Float.NaN, rows, out)) {
          EnginesUnderTest.REFERENCE.matmul(roundedX, roundedW, expected.tensor());
          engine.matmul(x, packed, actual.tensor());
          actual.assertCloseTo(expected.values(), tolerance);
          EnginesUnderTest.REFERENCE.matmulAdd(roundedX, roundedW, -2f, expected.tensor());
          engine.matmulAdd(x, packed, -2f, actual.tensor());
          actual.assertCloseTo(expected.values(), 3 * tolerance);
        }
      }
    }
  }

  /** Rounded to a type, in float32. */
  private static Tensor rounded(Tensor x, DType type) {
    try (Tensor rounded = ONE_THREAD.copyAs(type, x)) {
      return ONE_THREAD.copyAs(DType.FLOAT32, rounded);
    }
  }

  /** As {@code expected} of one that is not packed; of float32, so that it is the same product. */
  @Test
  void aWeightThatIsNotPackedGivesTheSameBits() {
    assumeTrue(CompiledGemm.packsFloat32(), "this CPU packs no float32");
    for (DType stored : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
      try (Tensor x = GuardedTensor.random(TWO_THREADS, SEED, 13, 603).tensor();
          Tensor w = GuardedTensor.weight(TWO_THREADS, stored, SEED, 203, 603);
          Tensor packed = TWO_THREADS.packed(w);
          Tensor expected = TWO_THREADS.allocate(13, 203);
          Tensor actual = TWO_THREADS.allocate(13, 203)) {
        TWO_THREADS.matmul(x, packed, expected);
        TWO_THREADS.matmul(x, w, actual);
        assertThat(actual.toArray()).isEqualTo(expected.toArray());
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("ofOneThread")
  void manyRowsAreComputedWithTheWeightItself(Engine engine) {
    try (Tensor x = GuardedTensor.random(engine, SEED, MOST_ROWS + 1, 64).tensor();
        Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, SEED, 70, 64);
        Tensor packed = engine.packed(w);
        Tensor expected = engine.allocate(MOST_ROWS + 1, 70);
        Tensor actual = engine.allocate(MOST_ROWS + 1, 70)) {
      engine.matmul(x, w, expected);
      engine.matmul(x, packed, actual);
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
      assertThat(packed.toArray()).isEqualTo(w.toArray());
    }
  }

  /** Copies count as open memory, in whole blocks. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("ofOneThread")
  void copiesAreCountedAndFreed(Engine engine) {
    try (Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, SEED, 49, 33)) {
      engine.packed(w).close(); // what the thread keeps
      long before = NativeMemory.liveBytes();
      Tensor packed = engine.packed(w);
      int outputs = PackedWeight.outputs(packed.dtype()) == 48 ? 96 : 64;
      int inputs = PackedWeight.inputs(packed.dtype()) == 32 ? 64 : 48;
      assertThat(NativeMemory.liveBytes() - before)
          .isEqualTo((long) outputs * inputs * packed.dtype().bytes());
      packed.close();
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  @Test
  void bucketsAreAscendingAndTakeAllRows() {
    for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
      assertThat(IntStream.of(VectorFewRows.buckets(type))).isSorted();
      for (int rows = 1; rows <= MOST_ROWS; rows++) {
        assertThat(VectorFewRows.padded(rows, type)).isBetween(rows, 2 * Math.max(8, rows));
      }
    }
  }
}
