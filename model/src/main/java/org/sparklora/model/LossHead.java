package org.sparklora.model;

import java.util.Arrays;
import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.Linear;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Slot;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.model.loss.TokenLoss;

/**
 * The end of the decoder: final norm, lm_head, log-softmax and loss, forward and backward, over the
 * M tokens that carry a target. Logits exist for a chunk of rows at a time, never for all: {@code
 * (M, V)} would be the largest tensor of the whole model by far.
 */
final class LossHead {
  /** Floats in a chunk of logits: 64 MB, far beyond the size where gemm slows down. */
  private static final int CHUNK_FLOATS = 16 << 20;

  private final Workspace workspace;
  private final Engine engine;
  private final RmsNorm norm;
  private final Linear head;
  private final int hiddenSize;
  private final int vocabSize;
  private final int chunkRows;

  LossHead(Workspace workspace, DecoderStack stack, int hiddenSize, int vocabSize) {
    this(workspace, stack, hiddenSize, vocabSize, chunkRows(vocabSize));
  }

  /** How many rows of logits exist at a time. */
  static int chunkRows(int vocabSize) {
    return Math.max(1, CHUNK_FLOATS / vocabSize);
  }

  /** For tests: {@code chunkRows} says how many rows of logits exist at a time. */
  LossHead(Workspace workspace, DecoderStack stack, int hiddenSize, int vocabSize, int chunkRows) {
    this.workspace = workspace;
    this.engine = workspace.engine();
    this.norm = stack.norm();
    this.head = stack.head();
    this.hiddenSize = hiddenSize;
    this.vocabSize = vocabSize;
    this.chunkRows = chunkRows;
  }

  /** The value of a loss and what it was computed from. */
  record Result(double loss, TokenLogProbs logProbs) {}

  /** Overwrites logits {@code (P, V)} with those of some positions of the stream. */
  void logits(Tensor stream, int[] positions, Tensor logits) {
    Tensor normed = normedRows(stream, positions).normed;
    for (int from = 0; from < positions.length; from += chunkRows) {
      int to = Math.min(from + chunkRows, positions.length);
      head.forward(workspace, normed.rows(from, to), logits.rows(from, to), headLora(to - from));
    }
  }

  /** Log-probabilities of the batch's targets under the stream's end {@code (N, C)}. */
  TokenLogProbs logProbs(Tensor stream, PackedBatch batch, float temperature) {
    Targets targets = new Targets(batch, temperature);
    if (targets.positions.length == 0) {
      return targets.logProbs();
    }
    Tensor normed = normedRows(stream, targets.positions).normed;
    for (Chunk chunk = targets.first(); chunk.rows() > 0; chunk = targets.after(chunk)) {
      targets.score(chunk, logitsOf(chunk, normed));
    }
    return targets.logProbs();
  }

  /**
   * The loss of the batch's targets.
   *
   * @param stream the stream's end, {@code (N, C)}
   * @param dStream added to, if present, {@code (N, C)}
   */
  Result loss(Tensor stream, PackedBatch batch, TokenLoss loss, Optional<Tensor> dStream) {
    return loss(stream, batch, loss, loss.needsWholeBatch(), dStream);
  }

  Result loss(
      Tensor stream,
      PackedBatch batch,
      TokenLoss loss,
      boolean wholeBatch,
      Optional<Tensor> dStream) {
    Targets targets = new Targets(batch, loss.temperature());
    if (targets.positions.length == 0) {
      return new Result(0, targets.logProbs());
    }
    Rows rows = normedRows(stream, targets.positions);
    Tensor dNormed = workspace.lendZeros(Slot.D_NORMED, rows.normed.shape());
    double value = 0;
    for (Chunk chunk = targets.first(); chunk.rows() > 0; chunk = targets.after(chunk)) {
      Tensor logits = logitsOf(chunk, rows.normed);
      targets.score(chunk, logits);
      if (!wholeBatch) {
        float[] dLogProbs = new float[chunk.rows()];
        value += loss.lossAndGradient(chunk.from, chunk.logProbs, chunk.entropies, dLogProbs);
        if (dStream.isPresent()) {
          backward(chunk, logits, dLogProbs, loss.temperature(), rows.normed, dNormed);
        }
      }
    }
    if (wholeBatch) {
      float[] dLogProbs = new float[targets.positions.length];
      value = loss.lossAndGradient(0, targets.logProbs, targets.entropies, dLogProbs);
      if (dStream.isPresent()) {
        backwardAll(targets, dLogProbs, loss.temperature(), rows.normed, dNormed);
      }
    }
    dStream.ifPresent(d -> backwardRows(stream, targets.positions, rows, dNormed, d));
    return new Result(value, targets.logProbs());
  }

  /** A loss that had to see all log-probabilities first: the logits are computed once more. */
  private void backwardAll(
      Targets targets, float[] dLogProbs, float temperature, Tensor normed, Tensor dNormed) {
    for (Chunk chunk = targets.first(); chunk.rows() > 0; chunk = targets.after(chunk)) {
      Tensor logits = logitsOf(chunk, normed);
      targets.score(chunk, logits);
      float[] run = Arrays.copyOfRange(dLogProbs, chunk.from, chunk.to);
      backward(chunk, logits, run, temperature, normed, dNormed);
    }
  }

  private Tensor logitsOf(Chunk chunk, Tensor normed) {
    Tensor logits = workspace.lend(Slot.LOGITS, chunk.rows(), vocabSize);
    head.salted(chunk.from)
        .forward(workspace, normed.rows(chunk.from, chunk.to), logits, headLora(chunk.rows()));
    return logits;
  }

  private Tensor headLora(int rows) {
    return workspace.lend(Slot.HEAD_LORA, rows, head.rank());
  }

  private void backward(
      Chunk chunk,
      Tensor logits,
      float[] dLogProbs,
      float temperature,
      Tensor normed,
      Tensor dNormed) {
    // forward: logProbs = logSoftmax(logits / temperature)[target]
    engine.tokenLogProbsBackwardInPlace(
        logits, chunk.targets, temperature, chunk.logSumExp, dLogProbs);
    // forward: logits = head(normed); its u is still that of this chunk
    head.salted(chunk.from)
        .backward(
            workspace,
            normed.rows(chunk.from, chunk.to),
            headLora(chunk.rows()),
            logits,
            dNormed.rows(chunk.from, chunk.to));
  }

  /** Rows of the stream that carry a target, before and after the final norm, {@code (M, C)}. */
  private record Rows(Tensor raw, Tensor normed, Tensor rstd) {}

  private Rows normedRows(Tensor stream, int[] positions) {
    Tensor raw = workspace.lend(Slot.HEAD_INPUT, positions.length, hiddenSize);
    engine.embed(stream, positions, raw); // row n of raw = row positions[n] of the stream
    Tensor normed = workspace.lend(Slot.NORMED, raw.shape());
    Tensor rstd = workspace.lend(Slot.HEAD_RSTD, positions.length);
    norm.forward(engine, raw, normed, rstd);
    return new Rows(raw, normed, rstd);
  }

  private void backwardRows(
      Tensor stream, int[] positions, Rows rows, Tensor dNormed, Tensor dStream) {
    Tensor dRaw = workspace.lendZeros(Slot.D_HEAD_INPUT, rows.raw.shape());
    norm.backward(engine, rows.raw, rows.rstd, dNormed, dRaw); // forward: normed = norm(raw)
    engine.embedBackward(positions, -1, dRaw, dStream); // forward: raw[n] = stream[positions[n]]
  }

  /** Some consecutive targets and what the engine says about their logits. */
  private record Chunk(
      int from,
      int to,
      int[] targets,
      float[] logProbs,
      float[] logSumExp,
      float[] entropies,
      int[] argmax) {

    int rows() {
      return to - from;
    }
  }

  /** All targets of a batch; filled chunk by chunk. */
  private final class Targets {
    private final int[] labels; // (N)
    private final int[] positions; // (M)
    private final float temperature;
    private final float[] logProbs;
    private final float[] entropies;
    private final int[] argmax;

    Targets(PackedBatch batch, float temperature) {
      this.labels = batch.targets();
      this.positions = batch.targetPositions();
      this.temperature = temperature;
      this.logProbs = new float[positions.length];
      this.entropies = new float[positions.length];
      this.argmax = new int[positions.length];
    }

    Chunk first() {
      return chunk(0);
    }

    Chunk after(Chunk chunk) {
      return chunk(chunk.to);
    }

    private Chunk chunk(int from) {
      int to = Math.min(from + chunkRows, positions.length);
      int rows = to - from;
      int[] targets = new int[rows];
      for (int m = 0; m < rows; m++) {
        targets[m] = labels[positions[from + m]];
      }
      return new Chunk(
          from, to, targets, new float[rows], new float[rows], new float[rows], new int[rows]);
    }

    void score(Chunk chunk, Tensor logits) {
      engine.tokenLogProbs(
          logits,
          chunk.targets,
          temperature,
          chunk.logProbs,
          chunk.logSumExp,
          chunk.entropies,
          chunk.argmax);
      System.arraycopy(chunk.logProbs, 0, logProbs, chunk.from, chunk.rows());
      System.arraycopy(chunk.entropies, 0, entropies, chunk.from, chunk.rows());
      System.arraycopy(chunk.argmax, 0, argmax, chunk.from, chunk.rows());
    }

    TokenLogProbs logProbs() {
      int[] targets = new int[positions.length];
      for (int m = 0; m < targets.length; m++) {
        targets[m] = labels[positions[m]];
      }
      return new TokenLogProbs(positions, targets, logProbs, entropies, argmax);
    }
  }
}
