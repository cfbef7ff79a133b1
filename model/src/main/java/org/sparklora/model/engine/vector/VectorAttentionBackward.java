package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Backward of {@link VectorAttention}. Forward was {@code P = softmax(scale·Q·Kᵀ), Y = P·V}:
 *
 * <pre>
 * P  = e^(scale·Q·Kᵀ − logSumExp)      dV += Pᵀ·dY
 * dS = P ∘ (dY·Vᵀ − rowsum(dY ∘ Y))    dQ += scale·dS·K      dK += scale·dSᵀ·Q
 * </pre>
 *
 * <p>A {@link Share} of the work is one key/value head with all its query heads and all branches of
 * a family, so that no two tasks add to one row of dK. If that makes too few tasks (one long
 * document), the queries are divided, and all parts but the first sum into memory of their own,
 * which is added up afterwards in a fixed order. Neither depends on the number of threads.
 */
final class VectorAttentionBackward implements AutoCloseable {
  private static final int MOST_PARTS = 4;
  private static final int TASKS = 16; // the number aimed at

  private final WorkerPool pool;
  private final Scratch kept = new Scratch(); // holds partialSums
  private HostTensor partialSums; // of the current call

  VectorAttentionBackward(WorkerPool pool) {
    this.pool = pool;
  }

  /** The arguments of one call. */
  record Call(VectorAttention.Call forward, Gradients gradients) {
    Heads heads() {
      return forward.heads();
    }
  }

  /**
   * The work of one task: some branches with key/value head kv.
   *
   * @param branches a family, or one part of a divided document
   * @param partial offset in {@code partialSums} of this share's dK and dV, both (keys, D); −1 if
   *     the share adds to the gradients directly
   */
  private record Share(List<Branch> branches, int kv, long partial) {
    long work() {
      return branches.stream().mapToLong(VectorAttentionBackward::work).sum();
    }

    Branch document() {
      return branches.get(0);
    }

    long partialSize(Heads heads) {
      return 2L * document().keys() * heads.size();
    }
  }

  private static long work(Branch branch) {
    return (long) branch.queries() * (branch.visible(0) + branch.keys());
  }

  void run(Call call, AttentionMask mask) {
    List<Share> shares = shares(call.heads(), mask);
    List<Share> largestFirst =
        shares.stream().sorted(Comparator.comparingLong(Share::work).reversed()).toList();
    pool.forEach(largestFirst.size(), (task, own) -> run(call, largestFirst.get(task), own));
    List<Share> partial = shares.stream().filter(share -> share.partial() >= 0).toList();
    pool.forEach(
        partial.isEmpty() ? 0 : call.heads().keyValue(),
        (kv, own) ->
            partial.stream()
                .filter(share -> share.kv() == kv)
                .forEach(share -> addPartialSums(call, share, own)));
  }

  private List<Share> shares(Heads heads, AttentionMask mask) {
    double total = (double) new Share(mask.branches(), 0, -1).work() * heads.keyValue();
    double aTask = total / TASKS;
    List<Share> shares = new ArrayList<>();
    long partialSize = 0;
    for (List<Branch> family : mask.families()) {
      List<Branch> parts = parts(family, aTask);
      for (int kv = 0; kv < heads.keyValue(); kv++) {
        if (parts.isEmpty()) {
          shares.add(new Share(family, kv, -1));
        }
        for (int part = 0; part < parts.size(); part++) {
          Share share = new Share(List.of(parts.get(part)), kv, part == 0 ? -1 : partialSize);
          partialSize += part == 0 ? 0 : share.partialSize(heads);
          shares.add(share);
        }
      }
    }
    partialSums = kept.matrix(0, partialSize);
    return shares;
  }

  /** Parts of equal work of a document that no other continues; none for other families. */
  private static List<Branch> parts(List<Branch> family, double aTask) {
    Branch document = family.get(0);
    if (family.size() > 1 || document.runs().size() > 1) {
      return List.of();
    }
    int parts = (int) Math.max(1, Math.min(MOST_PARTS, Math.round(work(document) / aTask)));
    List<Branch> cut = new ArrayList<>();
    int from = 0;
    for (int part = 1; part <= parts; part++) {
      int to = boundary(document.queries(), part, parts);
      if (to > from) {
        cut.add(document.part(from, to));
        from = to;
      }
    }
    return cut;
  }

  /** The end of part number {@code part}: work grows with the square of the position. */
  private static int boundary(int length, int part, int parts) {
    if (part == parts) {
      return length;
    }
    double exact = length * Math.sqrt((double) part / parts);
    return (int) Math.min(length, Math.round(exact / VectorAttention.TILE) * VectorAttention.TILE);
  }

  @Override
  public void close() {
    kept.close();
  }

  private void run(Call call, Share share, Scratch own) {
    Heads heads = call.heads();
    Matrix dK = call.forward.keys(call.gradients.dK(), 0, share.kv());
    Matrix dV = call.forward.keys(call.gradients.dV(), 0, share.kv());
    if (share.partial() >= 0) {
      HostTensor sums = partialSums(share, heads);
      Pointer.memset(sums.elements(), 0, sums.size() * Float.BYTES);
      int first = share.document().runs().get(0).start();
      dK = new Matrix(sums.address(), heads.size()).at(-first, 0);
      dV = dK.at(share.document().keys(), 0);
    }
    KeyGradients gradients = new KeyGradients(dK, dV);
    int group = heads.query() / heads.keyValue();
    for (Branch branch : share.branches()) {
      for (Branch tile : VectorAttention.tiles(branch)) {
        for (int h = share.kv() * group; h < (share.kv() + 1) * group; h++) {
          new Tile(call, tile, share.kv(), h, gradients, own).run();
        }
      }
    }
  }

  /** Gradients for a key/value head: row r is that of the key in row r of k. */
  private record KeyGradients(Matrix k, Matrix v) {}

  /** One tile of queries of head h, which reads key/value head kv. */
  private record Tile(Call call, Branch tile, int kv, int h, KeyGradients gradients, Scratch own) {

    void run() {
      long stride = VectorAttention.stride(tile);
      HostTensor scores = own.matrix(0, tile.queries() * stride);
      HostTensor dScores = own.matrix(1, tile.queries() * stride);
      Matrix p = new Matrix(scores.address(), stride);
      Matrix dS = new Matrix(dScores.address(), stride);
      tile.forEachRun((start, count, key) -> score(start, count, p.at(0, key), dS.at(0, key)));
      softmaxBackward(scores, dScores, stride);
      tile.forEachRun((start, count, key) -> addGradients(start, count, key, p, dS));
    }

    private Matrix queries(Tensor x) {
      return call.forward.queries(x, tile, h);
    }

    private void score(int start, int count, Matrix p, Matrix dS) {
      VectorAttention.Call forward = call.forward;
      int rows = tile.queries();
      int size = call.heads().size();
      Matrix k = forward.keys(forward.tensors().k(), start, kv).transposed();
      Matrix v = forward.keys(forward.tensors().v(), start, kv).transposed();
      Gemm.multiply(
          own, rows, count, size, forward.scale(), queries(forward.tensors().q()), k, false, p);
      Gemm.multiply(own, rows, count, size, 1, queries(call.gradients.dY()), v, false, dS);
    }

    private void addGradients(int start, int count, int key, Matrix p, Matrix dS) {
      VectorAttention.Call forward = call.forward;
      int rows = tile.queries();
      int size = call.heads().size();
      float scale = forward.scale();
      Matrix k = forward.keys(forward.tensors().k(), start, kv);
      Matrix dK = gradients.k.at(start, 0);
      Matrix dV = gradients.v.at(start, 0);
      Matrix pT = p.at(0, key).transposed();
      Matrix dSRun = dS.at(0, key);
      Matrix dST = dSRun.transposed();
      Gemm.multiply(own, count, size, rows, 1, pT, queries(call.gradients.dY()), true, dV);
      Gemm.multiply(own, rows, size, count, scale, dSRun, k, true, queries(call.gradients.dQ()));
      Gemm.multiply(own, count, size, rows, scale, dST, queries(forward.tensors().q()), true, dK);
    }

    /** Turns scores into probabilities, and gradients of probabilities into gradients of scores. */
    private void softmaxBackward(HostTensor scores, HostTensor dScores, long stride) {
      int size = call.heads().size();
      float[] lse = new float[1];
      own.row(0, tile.keys());
      own.row(1, tile.keys());
      for (int r = 0; r < tile.queries(); r++) {
        long head = (long) (tile.firstQuery() + r) * call.heads().query() + h;
        float[] dY = own.load(2, call.gradients.dY(), head * size, size);
        float centre =
            VectorMath.dot(dY, own.load(3, call.forward.tensors().y(), head * size, size), size);
        call.forward.tensors().logSumExp().read(head, lse, 0, 1);
        int visible = tile.visible(r);
        float[] p = own.load(0, scores, r * stride, visible);
        float[] dS = own.load(1, dScores, r * stride, visible);
        VectorAttentionBackward.softmaxBackward(p, dS, lse[0], centre, visible);
        VectorAttention.storeMasked(p, tile, r, scores);
        VectorAttention.storeMasked(dS, tile, r, dScores);
      }
    }
  }

  /** Turns a row of scores into probabilities, and its gradient into the gradient of the scores. */
  private static void softmaxBackward(float[] p, float[] dS, float lse, float centre, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector probability = VectorMath.exp(VectorMath.at(p, i).sub(lse));
      probability.intoArray(p, i);
      VectorMath.at(dS, i).sub(centre).mul(probability).intoArray(dS, i);
    }
  }

  private void addPartialSums(Call call, Share share, Scratch own) {
    Heads heads = call.heads();
    int size = heads.size();
    int keys = share.document().keys();
    int start = share.document().runs().get(0).start();
    HostTensor sums = partialSums(share, heads);
    for (int i = 0; i < 2 * keys; i++) {
      boolean isKey = i < keys;
      long token = start + (isKey ? i : i - keys);
      Tensor gradient = isKey ? call.gradients.dK() : call.gradients.dV();
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
