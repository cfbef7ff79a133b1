package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** What generation asks of every implementation besides attention. */
class DecodingContractTest {
  private static final long SEED = 77;

  /** As many rows as some engine computes at a time. */
  private static final int MOST_ROWS = 128;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  static Stream<Arguments> enginesAndWeights() {
    return engines()
        .flatMap(
            engine ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16).map(dtype -> arguments(engine, dtype)));
  }

  /**
   * Every number of rows; sums of few terms, of one block and of several. To the last bit where
   * engines compute rows independently, else to rounding.
   */
  @EachEngine
  @MethodSource("enginesAndWeights")
  void aRowOfALinearLayerDoesNotDependOnTheOthers(Engine engine, DType dtype) {
    for (int in :
        engine.description().startsWith("reference")
            ? new int[] {17}
            : new int[] {3, 603, 1003, 1603}) {
      aRowDoesNotDependOnTheOthers(engine, dtype, in);
    }
  }

  private static void aRowDoesNotDependOnTheOthers(Engine engine, DType dtype, int in) {
    int[] outs = {1, 5, 203};
    int independent = engine.independentRows();
    int most = independent > 0 ? Math.min(MOST_ROWS, independent) : MOST_ROWS;
    double rounding = 1e-6 + 1e-6 * Math.sqrt(in); // as of any linear layer
    for (int out : outs) {
      try (GuardedTensor x = GuardedTensor.random(engine, SEED, most, in);
          Tensor w = GuardedTensor.weight(engine, dtype, SEED + 1, out, in);
          GuardedTensor all = GuardedTensor.filled(engine, 1, most, out)) {
        engine.matmul(x.tensor(), w, 0.5f, true, all.tensor());
        for (int rows = 1; rows < most; rows += rows < 20 ? 1 : 13) {
          int from = most - rows; // other neighbours and another place than in the large product
          try (GuardedTensor some = GuardedTensor.filled(engine, 1, rows, out)) {
            engine.matmul(x.tensor().rows(from, most), w, 0.5f, true, some.tensor());
            float[] expected = all.tensor().rows(from, most).toArray();
            if (independent > 0) {
              assertThat(some.values()).as("%d rows, %d outputs", rows, out).isEqualTo(expected);
            }
            some.assertCloseTo(expected, rounding); // and guards
          }
        }
      }
    }
  }

  @EachEngine
  @MethodSource("engines")
  void putRowsIsTheWayBackOfEmbed(Engine engine) {
    int[] rows = {6, 0, 3, 199};
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows.length, 37);
        GuardedTensor table = GuardedTensor.filled(engine, 5, 200, 37);
        GuardedTensor back = GuardedTensor.filled(engine, 0, rows.length, 37)) {
      engine.putRows(x.tensor(), engine.indices(rows), table.tensor());
      engine.embed(table.tensor(), engine.indices(rows), back.tensor());
      back.assertCloseTo(x.values(), 0);
      float[] kept = table.tensor().rows(7, 199).toArray();
      assertThat(kept).containsOnly(5f);
      table.assertCloseTo(table.values(), 0); // guards
      assertThatThrownBy(
              () ->
                  engine.putRows(
                      x.tensor(), engine.indices(new int[] {0, 1, 2, 200}), table.tensor()))
          .hasMessageContaining("row 200")
          .hasMessageContaining("below 200");
    }
  }
}
