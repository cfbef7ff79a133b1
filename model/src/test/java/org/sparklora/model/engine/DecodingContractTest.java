package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What generation asks of every implementation besides attention. */
class DecodingContractTest {
  private static final long SEED = 77;

  /** As many rows as some engine computes at a time. */
  private static final int MOST_ROWS = 128;

  static Stream<Engine> engines() {
    return EnginesUnderTest.ALL.stream();
  }

  /** ND4J divides a product as it likes: there completions may depend on their batch. */
  static Stream<Arguments> enginesAndWeights() {
    return engines()
        .filter(engine -> engine.independentRows() > 0)
        .flatMap(
            engine ->
                Stream.of(DType.FLOAT32, DType.BFLOAT16).map(dtype -> arguments(engine, dtype)));
  }

  /** Every number of rows; sums of few terms, of one block and of several. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("enginesAndWeights")
  void aRowOfALinearLayerDoesNotDependOnTheOthersToTheBit(Engine engine, DType dtype) {
    for (int in :
        engine.description().startsWith("reference")
            ? new int[] {17}
            : new int[] {3, 603, 1003, 1603}) {
      aRowDoesNotDependOnTheOthersToTheBit(engine, dtype, in);
    }
  }

  private static void aRowDoesNotDependOnTheOthersToTheBit(Engine engine, DType dtype, int in) {
    int[] outs = {1, 5, 203};
    int most = Math.min(MOST_ROWS, engine.independentRows());
    for (int out : outs) {
      try (GuardedTensor x = GuardedTensor.random(engine, SEED, most, in);
          Tensor w = GuardedTensor.weight(engine, dtype, SEED + 1, out, in);
          GuardedTensor all = GuardedTensor.filled(engine, 1, most, out)) {
        engine.matmulAdd(x.tensor(), w, 0.5f, all.tensor());
        for (int rows = 1; rows < most; rows += rows < 20 ? 1 : 13) {
          int from = most - rows; // other neighbours and another place than in the large product
          try (GuardedTensor some = GuardedTensor.filled(engine, 1, rows, out)) {
            engine.matmulAdd(x.tensor().rows(from, most), w, 0.5f, some.tensor());
            assertThat(some.values())
                .as("%d rows, %d outputs", rows, out)
                .isEqualTo(all.tensor().rows(from, most).toArray());
            some.assertCloseTo(some.values(), 0); // guards
          }
        }
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void putRowsIsTheWayBackOfEmbed(Engine engine) {
    int[] rows = {6, 0, 3, 199};
    try (GuardedTensor x = GuardedTensor.random(engine, SEED, rows.length, 37);
        GuardedTensor table = GuardedTensor.filled(engine, 5, 200, 37);
        GuardedTensor back = GuardedTensor.filled(engine, 0, rows.length, 37)) {
      engine.putRows(x.tensor(), rows, table.tensor());
      engine.embed(table.tensor(), rows, back.tensor());
      back.assertCloseTo(x.values(), 0);
      float[] kept = table.tensor().rows(7, 199).toArray();
      assertThat(kept).containsOnly(5f);
      table.assertCloseTo(table.values(), 0); // guards
      assertThatThrownBy(() -> engine.putRows(x.tensor(), new int[] {0, 1, 2, 200}, table.tensor()))
          .hasMessageContaining("row 200")
          .hasMessageContaining("below 200");
    }
  }

  /** Probabilities 0.1, 0.2, 0.3 and 0.4 at temperature 2. */
  private static final double[] PROBABILITIES = {0.1, 0.2, 0.3, 0.4};

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void tokensAreDrawnByTheirProbability(Engine engine) {
    double[] uniforms = {0, 0.099, 0.101, 0.299, 0.301, 0.599, 0.601, 0.999_999_999};
    int[] expected = {0, 0, 1, 1, 2, 2, 3, 3};
    float[] row = new float[4];
    for (int i = 0; i < 4; i++) {
      row[i] = (float) (2 * Math.log(PROBABILITIES[i]) + 5);
    }
    assertThat(draw(engine, row, 2, Float.NEGATIVE_INFINITY, uniforms)).isEqualTo(expected);

    // without the first two: 0.3 / 0.7 = 0.4286
    assertThat(draw(engine, row, 2, row[2], new double[] {0, 0.428, 0.429, 0.999}))
        .containsExactly(2, 2, 3, 3);
    // only the likeliest
    assertThat(draw(engine, row, 2, row[3], new double[] {0, 0.5, 0.999})).containsOnly(3);
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void drawsFromALargeVocabularyInvertTheDistribution(Engine engine) {
    int vocabulary = 2500; // not whole blocks
    float[] row = GuardedTensor.randomValues(SEED, vocabulary);
    Arrays.fill(row, 2000, vocabulary, Float.NEGATIVE_INFINITY);
    double[] cumulative = new double[vocabulary];
    double total = 0;
    for (int i = 0; i < vocabulary; i++) {
      total += Math.exp(row[i]);
      cumulative[i] = total;
    }
    SplittableRandom random = new SplittableRandom(4);
    double[] uniforms = IntStream.range(0, 300).mapToDouble(i -> random.nextDouble()).toArray();
    uniforms[0] = Math.nextDown(1.0);
    int[] tokens = draw(engine, row, 1, Float.NEGATIVE_INFINITY, uniforms);
    for (int m = 0; m < tokens.length; m++) {
      assertThat(tokens[m]).isLessThan(2000);
      double upper = cumulative[tokens[m]] / total;
      double lower = tokens[m] == 0 ? 0 : cumulative[tokens[m] - 1] / total;
      // float sums of blocks of probabilities
      assertThat(uniforms[m]).isCloseTo((lower + upper) / 2, within((upper - lower) / 2 + 1e-6));
    }
  }

  private static int[] draw(
      Engine engine, float[] row, float temperature, float floor, double[] uniforms) {
    int rows = uniforms.length;
    try (Tensor logits = engine.allocate(rows, row.length)) {
      for (int m = 0; m < rows; m++) {
        logits.write((long) m * row.length, row, 0, row.length);
      }
      float[] floors = new float[rows];
      Arrays.fill(floors, floor);
      int[] tokens = new int[rows];
      engine.drawTokens(logits, temperature, floors, uniforms, tokens);
      return tokens;
    }
  }
}
