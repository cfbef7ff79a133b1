package org.sparklora.engine.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;

/**
 * Attention in float32 products, on every device: for each branch, tile after tile of queries
 * against the keys before the tile's end, batched over the K key/value heads. The G = H/K query
 * heads of a key/value head are stacked, so that a batch member is one matrix {@code (G·t, D)}.
 * Branches of one query are computed together, by {@link SingleQueries}.
 */
final class ProductAttention implements BranchAttention {
  /** Queries of a tile: bounds the scores at H · QUERIES · (longest document) floats. */
  static final int QUERIES = 256;

  private static final long[] LAST = {2};

  @Override
  public void forward(Inputs in, TorchTensor y, TorchTensor logSumExp, TorchMask mask) {
    if (!mask.single().isEmpty()) {
      SingleQueries.forward(in, y, logSumExp, mask);
    }
    Tensor out = in.byHead(y, in.heads().query());
    Tensor sums = in.sums(logSumExp);
    if (mask.several().isEmpty()) {
      return;
    }
    Tensor q = in.wide(in.queries());
    for (Branch branch : mask.several()) {
      Keys keys = Keys.of(branch, in, mask);
      forTiles(branch, in.heads(), mask, tile -> tile.forward(q, in.scale(), keys, out, sums));
    }
  }

  /** Sums the gradients of several runs of keys in a copy, then adds them to the keys' rows. */
  @Override
  public void backward(Inputs in, Result of, Gradients gradients, TorchMask mask) {
    Tensor dK = in.byHead(gradients.dK(), in.heads().keyValue());
    Tensor dV = in.byHead(gradients.dV(), in.heads().keyValue());
    Tensor q = in.wide(in.queries());
    for (Branch branch : mask.branches()) {
      Keys keys = Keys.of(branch, in, mask);
      boolean inPlace = branch.isOneRun();
      Tensor dKeys = inPlace ? rows(dK, branch) : torch.zeros_like(keys.k);
      Tensor dValues = inPlace ? rows(dV, branch) : torch.zeros_like(keys.v);
      forTiles(
          branch,
          in.heads(),
          mask,
          tile -> tile.backward(in, q, keys, of, gradients.dQ(), dKeys, dValues));
      if (!inPlace) {
        Tensor places = places(branch, mask);
        dK.index_add_(0, places, dKeys);
        dV.index_add_(0, places, dValues);
      }
    }
  }

  /** The rows that a branch with one run sees, in place. */
  private static Tensor rows(Tensor x, Branch branch) {
    return x.narrow(0, branch.runs().get(0).start(), branch.keys());
  }

  private static Tensor places(Branch branch, TorchMask mask) {
    return mask.kept(branch, () -> TorchMask.keys(branch));
  }

  /** The keys and values that a branch sees, in order, in float32: {@code (s, K, D)}. */
  private record Keys(Tensor k, Tensor v) {
    static Keys of(Branch branch, Inputs in, TorchMask mask) {
      return new Keys(
          in.wide(seen(in.keys(), branch, mask)), in.wide(seen(in.values(), branch, mask)));
    }

    private static Tensor seen(Tensor x, Branch branch, TorchMask mask) {
      return branch.isOneRun() ? rows(x, branch) : torch.index_select(x, 0, places(branch, mask));
    }

    Keys part(long first, long count) {
      return new Keys(k.narrow(0, first, count), v.narrow(0, first, count));
    }
  }

  private interface TileOperation {
    void run(Tile tile);
  }

  private static void forTiles(
      Branch branch, Heads heads, TorchMask mask, TileOperation operation) {
    for (int from = 0; from < branch.queries(); from += QUERIES) {
      Branch part = branch.part(from, Math.min(branch.queries(), from + QUERIES));
      Tile tile = new Tile(heads, mask, part, branch.first(from));
      Scope.part(() -> operation.run(tile));
    }
  }

  /**
   * The t queries from row {@code from} on, and the s keys that any of them sees, from number
   * {@code first} of the branch on.
   */
  private static final class Tile {
    private final Heads heads;
    private final long from;
    private final long t;
    private final long first;
    private final int s;
    private final int window;
    private final TorchMask mask;

    Tile(Heads heads, TorchMask mask, Branch part, long first) {
      this.heads = heads;
      this.mask = mask;
      this.from = part.firstQuery();
      this.t = part.queries();
      this.first = first;
      this.s = part.keys();
      this.window = part.window();
    }

    void forward(Tensor q, float scale, Keys all, Tensor y, Tensor logSumExp) {
      Keys keys = all.part(first, s);
      Tensor scores = scores(q, scale, keys, mask.zero(), 0);
      Tensor top = torch.amax(scores, LAST, true);
      scores.sub_(top).exp_();
      Tensor sum = scores.sum(LAST, true, new ScalarTypeOptional());
      Tensor out = torch.bmm(scores, keys.v.transpose(0, 1)).div_(sum);
      own(y).copy_(byHead(out));
      own(logSumExp).copy_(byHead(sum.log_().add_(top)).squeeze(2));
    }

    void backward(Inputs in, Tensor q, Keys all, Result of, TorchTensor dQ, Tensor dK, Tensor dV) {
      Keys keys = all.part(first, s);
      Tensor sums = own(in.sums(of.logSumExp())).unsqueeze(2);
      Tensor p = scores(q, in.scale(), keys, grouped(sums), -1).exp_();
      Tensor dOut = grouped(own(in.byHead(of.dY(), heads.query())));
      add(torch.bmm(p.transpose(1, 2), dOut), new Scalar(1f), dV);
      Tensor y = grouped(own(in.byHead(of.y(), heads.query())));
      Tensor centre = dOut.mul(y).sum(LAST, true, new ScalarTypeOptional());
      Tensor dScores = product(centre, -1, dOut, keys.v.permute(1, 2, 0), 1).mul_(p);
      Scalar scale = new Scalar(in.scale());
      Tensor dQueries = byHead(torch.bmm(dScores, keys.k.transpose(0, 1)));
      own(in.byHead(dQ, heads.query())).add_(dQueries, scale);
      add(torch.bmm(dScores.transpose(1, 2), grouped(own(q))), scale, dK);
    }

    /** Adds a gradient {@code (K, s, D)} to the rows that the tile sees. */
    private void add(Tensor gradient, Scalar scale, Tensor rows) {
      rows.narrow(0, first, s).add_(gradient.transpose(0, 1), scale);
    }

    /** The tile's own rows. */
    private Tensor own(Tensor x) {
      return x.narrow(0, from, t);
    }

    /** {@code (t, H, columns)} copied to {@code (K, G·t, columns)}. */
    private Tensor grouped(Tensor rows) {
      return rows.transpose(0, 1).reshape(heads.keyValue(), -1, rows.size(2));
    }

    /** {@code (K, G·t, columns)} seen as {@code (t, H, columns)}. */
    private Tensor byHead(Tensor grouped) {
      return grouped.view(heads.query(), t, grouped.size(2)).transpose(0, 1);
    }

    /** {@code c·beta + scale·q·kᵀ} with unseen tokens masked, {@code (K, G·t, s)}. */
    private Tensor scores(Tensor queries, float scale, Keys keys, Tensor c, int beta) {
      Tensor q = grouped(own(queries));
      Tensor scores = product(c, beta, q, keys.k.permute(1, 2, 0), scale);
      if (t > 1) {
        scores.view(heads.query(), t, s).narrow(2, s - t, t).add_(mask.laterTokens(t));
      }
      if (s > window) {
        scores.view(heads.query(), t, s).add_(mask.earlierTokens(t, s, window));
      }
      return scores;
    }

    /** {@code c·beta + alpha·a·b}; c is ignored if beta is 0. */
    private Tensor product(Tensor c, int beta, Tensor a, Tensor b, float alpha) {
      return torch.baddbmm(c, a, b, new Scalar(beta), new Scalar(alpha));
    }
  }
}
