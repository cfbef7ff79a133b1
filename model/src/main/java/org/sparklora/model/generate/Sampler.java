package org.sparklora.model.generate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;

/**
 * Picks the next token of each row from its logits.
 *
 * <p>Not thread-safe: penalised logits are kept in a buffer.
 */
final class Sampler implements AutoCloseable {
  private final Engine engine;
  private final SamplingConfig config;
  private final Tensor penalised; // (M, V)

  Sampler(Engine engine, SamplingConfig config, int rows, int vocabSize) {
    this.engine = engine;
    this.config = config;
    this.penalised = engine.allocate(config.hasPenalty() ? rows : 0, vocabSize);
  }

  /**
   * The next tokens.
   *
   * @param tokens {@code (M)}
   * @param logProbs {@code (M)}, as {@link Completion} defines them
   */
  record Draws(int[] tokens, float[] logProbs) {}

  /**
   * @param logits {@code (M, V)}; left as they are
   * @param rows {@code (M)}
   * @throws NonFiniteLogitsException if one is NaN or infinite, however tokens are picked
   */
  Draws draw(Tensor logits, List<Row> rows) {
    Tensor scores = config.hasPenalty() ? penalised(logits, rows) : logits;
    requireFinite(scores, rows);
    int[] tokens = config.isGreedy() ? likeliest(scores) : drawn(scores, rows);
    return new Draws(tokens, score(logits, tokens).logProbs);
  }

  private void requireFinite(Tensor logits, List<Row> rows) {
    if (engine.isFinite(logits)) {
      return;
    }
    for (int m = 0; m < rows.size(); m++) {
      if (!engine.isFinite(logits.rows(m, m + 1))) {
        throw new NonFiniteLogitsException(rows.get(m).promptId());
      }
    }
  }

  private int[] drawn(Tensor scores, List<Row> rows) {
    double[] uniforms = new double[rows.size()];
    Arrays.setAll(uniforms, m -> rows.get(m).uniform(config.seed()));
    int[] tokens = new int[rows.size()];
    engine.drawTokens(scores, config.temperature(), floors(scores), uniforms, tokens);
    return tokens;
  }

  private float[] floors(Tensor scores) {
    float[] floors = new float[scores.rows()];
    Arrays.fill(floors, Float.NEGATIVE_INFINITY);
    if (config.topK() > 0 || config.topP() < 1 || config.minP() > 0) {
      IntStream.range(0, floors.length)
          .parallel()
          .forEach(m -> floors[m] = LogitsFloor.of(row(scores, m), config));
    }
    return floors;
  }

  private int[] likeliest(Tensor scores) {
    return score(scores, new int[scores.rows()]).argmax;
  }

  private record Scores(float[] logProbs, int[] argmax) {}

  private Scores score(Tensor logits, int[] tokens) {
    int rows = tokens.length;
    Scores scores = new Scores(new float[rows], new int[rows]);
    engine.tokenLogProbs(
        logits,
        tokens,
        config.scoringTemperature(),
        scores.logProbs,
        new float[rows],
        new float[rows],
        scores.argmax);
    return scores;
  }

  private Tensor penalised(Tensor logits, List<Row> rows) {
    Tensor scores = penalised.rows(0, rows.size());
    for (int m = 0; m < rows.size(); m++) {
      float[] row = row(logits, m);
      rows.get(m)
          .seen()
          .forEach(
              token ->
                  row[token] =
                      row[token] < 0
                          ? row[token] * config.repetitionPenalty()
                          : row[token] / config.repetitionPenalty());
      scores.write((long) m * row.length, row, 0, row.length);
    }
    return scores;
  }

  private static float[] row(Tensor logits, int m) {
    float[] row = new float[logits.columns()];
    logits.read((long) m * row.length, row, 0, row.length);
    return row;
  }

  @Override
  public void close() {
    penalised.close();
  }
}
