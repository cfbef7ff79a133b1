package org.sparklora.model;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Linear;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.model.loss.TokenLoss;
import org.sparklora.model.loss.TokenLoss.Dependence;

/**
 * The end of the decoder: final norm, lm_head, log-softmax and loss, forward and backward, over the
 * M tokens that carry a target. Logits exist for one chunk of rows at a time, whose size the engine
 * chooses: {@code (M, V)} would be the largest tensor of the whole model by far. The scores of each
 * chunk stay in the engine until all chunks are done, unless the loss needs them before.
 */
record LossHead(
    Workspace workspace, Engine engine, RmsNorm norm, Linear head, int vocabSize, int chunkRows) {

  static LossHead of(Workspace workspace, DecoderStack stack, int vocabSize) {
    Engine engine = workspace.engine();
    return new LossHead(
        workspace, engine, stack.norm(), stack.head(), vocabSize, engine.logitsRows(vocabSize));
  }

  /** Overwrites logits {@code (P, V)} with those of some positions of the stream. */
  void logits(Tensor stream, int[] positions, Tensor logits) {
    try (Indices rows = engine.indices(positions)) {
      logits(gathered(stream, rows), logits);
    }
  }

  /** Overwrites logits {@code (N, V)} with those of all positions of the stream. */
  void logits(Tensor stream, Tensor logits) {
    Tensor normed = normed(stream).normed;
    for (int from = 0; from < logits.rows(); from += chunkRows) {
      int to = Math.min(from + chunkRows, logits.rows());
      Tensor u = workspace.lendActivation(Buffer.HEAD_LORA, to - from, head.rank());
      head.forward(workspace, normed.rows(from, to), logits.rows(from, to), u, false);
      workspace.giveBack(Buffer.HEAD_LORA);
    }
    giveBackRows();
  }

  /** Log-probabilities of the batch's targets under the stream's end {@code (N, C)}. */
  TokenLogProbs logProbs(Tensor stream, PackedBatch batch, float temperature) {
    return withTargets(
        batch,
        targets -> {
          if (targets.count() > 0) {
            Tensor normed = normed(gathered(stream, targets.positions)).normed;
            for (Chunk chunk : chunks(targets)) {
              chunk.score(chunk.logits(normed), temperature);
              chunk.giveBack();
            }
            giveBackRows();
          }
          return targets.bring(engine).await();
        });
  }

  StepResult loss(Tensor stream, PackedBatch batch, TokenLoss loss) {
    return result(batch, loss, logProbs(stream, batch, loss.temperature()));
  }

  /**
   * The loss; adds its gradient to {@code dStream} {@code (N, C)} and to the gradient of the head.
   *
   * @param dependence what the loss's gradient depends on; may overstate it
   */
  Arrival<StepResult> lossAndGradient(
      Tensor stream, PackedBatch batch, TokenLoss loss, Dependence dependence, Tensor dStream) {
    Arrival<TokenLogProbs> logProbs =
        withTargets(
            batch,
            targets -> {
              try (Tensor dLogProbs = engine.allocate(targets.count())) {
                return targets.count() == 0
                    ? () -> TokenLogProbs.NONE
                    : backward(stream, targets, loss, dependence, dLogProbs, dStream);
              }
            });
    return () -> result(batch, loss, logProbs.await());
  }

  private Arrival<TokenLogProbs> backward(
      Tensor stream,
      Targets targets,
      TokenLoss loss,
      Dependence dependence,
      Tensor dLogProbs,
      Tensor dStream) {
    Rows rows = normed(gathered(stream, targets.positions));
    Tensor dNormed = workspace.lendZeros(Buffer.D_NORMED, rows.normed.shape());
    if (dependence == Dependence.NOTHING) {
      int count = targets.count();
      differentiate(loss, 0, new float[count], new float[count], dLogProbs);
    }
    for (Chunk chunk : chunks(targets)) {
      Tensor logits = chunk.logits(rows.normed);
      chunk.score(logits, loss.temperature());
      if (dependence == Dependence.OWN_TARGET) {
        TokenScores.Values values = engine.bring(chunk.scores).await();
        differentiate(loss, chunk.from, values.logProbs(), values.entropies(), chunk.of(dLogProbs));
      }
      if (dependence != Dependence.ALL_TARGETS) {
        chunk.backward(logits, dLogProbs, loss.temperature(), rows.normed, dNormed);
      }
      chunk.giveBack();
    }
    Arrival<TokenLogProbs> all = targets.bring(engine);
    if (dependence == Dependence.ALL_TARGETS) { // the logits are computed once more
      differentiate(loss, 0, all.await().logProbs(), all.await().entropies(), dLogProbs);
      for (Chunk chunk : chunks(targets)) {
        Tensor logits = chunk.logits(rows.normed);
        chunk.backward(logits, dLogProbs, loss.temperature(), rows.normed, dNormed);
        chunk.giveBack();
      }
    }
    // forward: normed = norm(raw), and raw[n] = stream[positions[n]]
    Tensor dRaw = norm.backward(workspace, rows.raw, rows.rstd, dNormed, Buffer.D_HEAD_INPUT);
    engine.embedBackward(targets.positions, -1, dRaw, dStream);
    workspace.giveBack(Buffer.D_HEAD_INPUT);
    giveBackRows();
    return all;
  }

  private static StepResult result(PackedBatch batch, TokenLoss loss, TokenLogProbs all) {
    float[] unused = new float[all.count()];
    double value =
        all.count() == 0 ? 0 : loss.lossAndGradient(0, all.logProbs(), all.entropies(), unused);
    return new StepResult(value, batch.tokenCount(), all, 0);
  }

  /** Overwrites {@code dLogProbs} with the loss's derivatives by a chunk's log-probabilities. */
  private static void differentiate(
      TokenLoss loss, int first, float[] logProbs, float[] entropies, Tensor dLogProbs) {
    float[] derivatives = new float[logProbs.length];
    loss.lossAndGradient(first, logProbs, entropies, derivatives);
    dLogProbs.write(0, derivatives, 0, derivatives.length);
  }

  private void giveBackRows() {
    workspace.giveBack(Buffer.HEAD_INPUT, Buffer.NORMED, Buffer.HEAD_RSTD, Buffer.D_NORMED);
  }

  /** Rows of the stream, before and after the final norm, {@code (M, C)}. */
  private record Rows(Tensor raw, Tensor normed, Tensor rstd) {}

  private Tensor gathered(Tensor stream, Indices positions) {
    Tensor raw = workspace.lendActivation(Buffer.HEAD_INPUT, positions.count(), stream.columns());
    engine.embed(stream, positions, raw); // row n of raw = row positions[n] of the stream
    return raw;
  }

  private Rows normed(Tensor raw) {
    Tensor rstd = workspace.lend(Buffer.HEAD_RSTD, raw.rows());
    return new Rows(raw, norm.forward(workspace, raw, rstd, Buffer.NORMED), rstd);
  }

  /**
   * All targets of a batch: places and tokens {@code (M)}, the same in the engine's memory as
   * positions and labels, and scores, which the engine fills in chunk by chunk.
   */
  private record Targets(
      int[] places, int[] tokens, Indices positions, Indices labels, TokenScores scores) {

    /** M. */
    int count() {
      return places.length;
    }

    Arrival<TokenLogProbs> bring(Engine engine) {
      Arrival<TokenScores.Values> arrival = engine.bring(scores);
      return () -> {
        TokenScores.Values values = arrival.await();
        return new TokenLogProbs(
            places, tokens, values.logProbs(), values.entropies(), values.argmax());
      };
    }
  }

  private <T> T withTargets(PackedBatch batch, Function<Targets, T> use) {
    int[] places = batch.targetPositions();
    int[] tokens = Arrays.stream(places).map(place -> batch.targets()[place]).toArray();
    try (Indices positions = engine.indices(places);
        Indices labels = engine.indices(tokens);
        TokenScores scores = TokenScores.allocate(engine, places.length, vocabSize)) {
      return use.apply(new Targets(places, tokens, positions, labels, scores));
    }
  }

  private List<Chunk> chunks(Targets targets) {
    return IntStream.iterate(0, from -> from < targets.count(), from -> from + chunkRows)
        .mapToObj(from -> new Chunk(targets, from))
        .toList();
  }

  /** Consecutive targets whose logits exist at the same time. */
  private final class Chunk {
    private final int from;
    private final int rows;
    private final Indices labels;
    private final TokenScores scores;
    private Tensor u; // the head's x·Aᵀ, kept for its backward, (rows, R)

    Chunk(Targets targets, int from) {
      this.from = from;
      this.rows = Math.min(chunkRows, targets.count() - from);
      this.labels = targets.labels.part(from, from + rows);
      this.scores = targets.scores.rows(from, from + rows);
    }

    /** The chunk's rows of a tensor with one number per target. */
    Tensor of(Tensor perTarget) {
      return perTarget.view(from, rows);
    }

    Tensor logits(Tensor normed) {
      Tensor logits = workspace.lend(Buffer.LOGITS, rows, vocabSize);
      u = workspace.lendActivation(Buffer.HEAD_LORA, rows, head.rank());
      head.salted(from).forward(workspace, normed.rows(from, from + rows), logits, u, false);
      return logits;
    }

    void giveBack() {
      workspace.giveBack(Buffer.LOGITS, Buffer.HEAD_LORA);
    }

    void score(Tensor logits, float temperature) {
      engine.tokenLogProbs(logits, labels, temperature, scores);
    }

    void backward(
        Tensor logits, Tensor dLogProbs, float temperature, Tensor normed, Tensor dNormed) {
      // forward: logProbs = logSoftmax(logits / temperature)[target]
      engine.tokenLogProbsBackwardInPlace(
          logits, labels, temperature, scores.logSumExp(), of(dLogProbs));
      // forward: logits = head(normed)
      Tensor x = normed.rows(from, from + rows);
      Tensor dX = dNormed.rows(from, from + rows);
      head.salted(from).backward(workspace, x, u, logits, dX, true);
    }
  }
}
