package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.vector.Gemm.Matrix;
import org.sparklora.model.engine.vector.VectorAttention.Queries;

/**
 * Attention of {@link VectorKernels}, backward. Forward was {@code P = softmax(scale·Q·Kᵀ), Y =
 * P·V}:
 *
 * <pre>
 * P  = e^(scale·Q·Kᵀ − logSumExp)      dV += Pᵀ·dY
 * dS = P ∘ (dY·Vᵀ − rowsum(dY ∘ Y))    dQ += scale·dS·K      dK += scale·dSᵀ·Q
 * </pre>
 *
 * <p>A {@link Share} of the work is one key/value head with all its query heads, so that no two
 * tasks add to one row of dK. Where that leaves few tasks (one long segment), a head's queries are
 * divided, and all parts but the first sum into memory of their own, which is added up afterwards
 * in a fixed order. Neither depends on the number of threads.
 */
final class VectorAttentionBackward implements AutoCloseable {
  private static final int MOST_PARTS = 4;
  private static final int TASKS = 16; // to aim at

  private final WorkerPool pool;
  private final Scratch kept = new Scratch(); // for partialSums
  private HostTensor partialSums; // of the current call

  VectorAttentionBackward(WorkerPool pool) {
    this.pool = pool;
  }

  /** The tensors of one call. */
  record Call(
      HostTensor q,
      HostTensor k,
      HostTensor v,
      HostTensor y,
      HostTensor logSumExp,
      HostTensor dY,
      Heads heads,
      float scale,
      HostTensor dQ,
      HostTensor dK,
      HostTensor dV) {}

  /**
   * Some queries of one segment with key/value head kv.
   *
   * @param partial where in {@code partialSums} this share's dK and dV lie, both (keys, D); −1 if
   *     they go straight into the gradients
   */
  private record Share(Queries queries, int kv, long partial) {
    long work() {
      return (long) queries.count() * (queries.from() + queries.to() - 2L * queries.start());
    }

    long partialSize(Heads heads) {
      return 2L * queries.keys() * heads.size();
    }
  }

  synchronized void run(Call call, Segments segments) {
    List<Share> shares = shares(call.heads(), segments);
    List<Share> largestFirst = new ArrayList<>(shares);
    largestFirst.sort(Comparator.comparingLong(Share::work).reversed());
    pool.forEach(largestFirst.size(), (task, own) -> run(call, largestFirst.get(task), own));
    List<Share> partial = shares.stream().filter(share -> share.partial() >= 0).toList();
    pool.forEach(
        partial.isEmpty() ? 0 : call.heads().keyValue(),
        (kv, own) ->
            partial.stream()
                .filter(share -> share.kv() == kv)
                .forEach(share -> addPartialSums(call, share, own)));
  }

  private List<Share> shares(Heads heads, Segments segments) {
    double total = 0;
    for (int s = 0; s < segments.count(); s++) {
      total += Math.pow(segments.end(s) - segments.start(s), 2) * heads.keyValue();
    }
    double aTask = total / TASKS;
    List<Share> shares = new ArrayList<>();
    long partialSize = 0;
    for (int s = 0; s < segments.count(); s++) {
      int length = segments.end(s) - segments.start(s);
      int parts =
          (int) Math.max(1, Math.min(MOST_PARTS, Math.round((double) length * length / aTask)));
      for (int kv = 0; kv < heads.keyValue(); kv++) {
        int from = 0;
        for (int part = 1; part <= parts; part++) {
          int to = boundary(length, part, parts);
          if (to == from) {
            continue;
          }
          Queries queries =
              new Queries(segments.start(s), segments.start(s) + from, segments.start(s) + to);
          Share share = new Share(queries, kv, from == 0 ? -1 : partialSize);
          partialSize += from == 0 ? 0 : share.partialSize(heads);
          shares.add(share);
          from = to;
        }
      }
    }
    partialSums = kept.matrix(0, partialSize);
    return shares;
  }

  /** Frees the sums that are kept between calls. */
  @Override
  public synchronized void close() {
    kept.close();
  }

  /** Where part number {@code part} ends: work grows with the square of the position. */
  private static int boundary(int length, int part, int parts) {
    if (part == parts) {
      return length;
    }
    double exact = length * Math.sqrt((double) part / parts);
    return (int) Math.min(length, Math.round(exact / VectorAttention.TILE) * VectorAttention.TILE);
  }

  private void run(Call call, Share share, Scratch own) {
    Heads heads = call.heads();
    int start = share.queries().start();
    Matrix dK = VectorAttention.of(call.dK(), heads.keyValue(), heads, start, share.kv());
    Matrix dV = VectorAttention.of(call.dV(), heads.keyValue(), heads, start, share.kv());
    if (share.partial() >= 0) {
      HostTensor sums = partialSums(share, heads);
      Pointer.memset(sums.floats(), 0, sums.size() * Float.BYTES);
      dK = new Matrix(sums.address(), heads.size());
      dV = dK.at(share.queries().keys(), 0);
    }
    int group = heads.query() / heads.keyValue();
    for (Queries tile : share.queries().tiles()) {
      for (int h = share.kv() * group; h < (share.kv() + 1) * group; h++) {
        run(call, tile, share.kv(), h, dK, dV, own);
      }
    }
  }

  /** One tile of queries of head h, which reads key/value head kv. */
  private static void run(
      Call call, Queries tile, int kv, int h, Matrix dK, Matrix dV, Scratch own) {
    Heads heads = call.heads();
    int rows = tile.count();
    int keys = tile.keys();
    Matrix q = VectorAttention.of(call.q(), heads.query(), heads, tile.from(), h);
    Matrix dQ = VectorAttention.of(call.dQ(), heads.query(), heads, tile.from(), h);
    Matrix dY = VectorAttention.of(call.dY(), heads.query(), heads, tile.from(), h);
    Matrix k = VectorAttention.of(call.k(), heads.keyValue(), heads, tile.start(), kv);
    Matrix v = VectorAttention.of(call.v(), heads.keyValue(), heads, tile.start(), kv);
    long stride = VectorAttention.stride(tile);
    HostTensor scores = own.matrix(0, rows * stride);
    HostTensor dScores = own.matrix(1, rows * stride);
    Matrix p = new Matrix(scores.address(), stride);
    Matrix dS = new Matrix(dScores.address(), stride);
    Gemm.timesTransposed(own, rows, keys, heads.size(), call.scale(), q, k, 0, p);
    Gemm.timesTransposed(own, rows, keys, heads.size(), 1, dY, v, 0, dS);
    softmaxBackward(call, tile, h, scores, dScores, own);
    Gemm.transposedTimes(own, keys, heads.size(), rows, 1, p, dY, 1, dV);
    Gemm.times(own, rows, heads.size(), keys, call.scale(), dS, k, 1, dQ);
    Gemm.transposedTimes(own, keys, heads.size(), rows, call.scale(), dS, q, 1, dK);
  }

  /** Turns scores into probabilities, and the gradient of those into the gradient of scores. */
  private static void softmaxBackward(
      Call call, Queries tile, int h, HostTensor scores, HostTensor dScores, Scratch own) {
    int size = call.heads().size();
    float[] lse = new float[1];
    own.row(0, tile.keys());
    own.row(1, tile.keys());
    for (int r = 0; r < tile.count(); r++) {
      long head = (long) (tile.from() + r) * call.heads().query() + h;
      float[] dY = own.load(2, call.dY(), head * size, size);
      float centre = VectorMath.dot(dY, own.load(3, call.y(), head * size, size), size);
      call.logSumExp().read(head, lse, 0, 1);
      int visible = tile.from() + r - tile.start() + 1;
      long offset = r * VectorAttention.stride(tile);
      float[] p = own.load(0, scores, offset, visible);
      float[] dS = own.load(1, dScores, offset, visible);
      softmaxBackward(p, dS, lse[0], centre, visible);
      VectorAttention.storeMasked(p, visible, scores, offset, tile.keys());
      VectorAttention.storeMasked(dS, visible, dScores, offset, tile.keys());
    }
  }

  /** Turns a row of scores into probabilities, and their gradient into that of the scores. */
  static void softmaxBackward(float[] p, float[] dS, float lse, float centre, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector probability = VectorMath.exp(VectorMath.at(p, i).sub(lse));
      probability.intoArray(p, i);
      VectorMath.at(dS, i).sub(centre).mul(probability).intoArray(dS, i);
    }
  }

  private void addPartialSums(Call call, Share share, Scratch own) {
    Heads heads = call.heads();
    int size = heads.size();
    HostTensor sums = partialSums(share, heads);
    for (int i = 0; i < 2 * share.queries().keys(); i++) {
      boolean isKey = i < share.queries().keys();
      long token = share.queries().start() + (isKey ? i : i - share.queries().keys());
      HostTensor gradient = isKey ? call.dK() : call.dV();
      long offset = (token * heads.keyValue() + share.kv()) * size;
      float[] row = own.load(0, gradient, offset, size);
      VectorElementwise.addScaled(own.load(1, sums, (long) i * size, size), 1, row, size);
      gradient.write(offset, row, 0, size);
    }
  }

  private HostTensor partialSums(Share share, Heads heads) {
    return (HostTensor) partialSums.view(share.partial(), share.partialSize(heads));
  }
}
