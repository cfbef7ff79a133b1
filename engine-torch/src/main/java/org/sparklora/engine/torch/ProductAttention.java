package org.sparklora.engine.torch;

import java.util.function.Consumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.AttentionTensors.Gradients;
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
  public void forward(ByHead in, TorchMask mask) {
    if (!mask.single().isEmpty()) {
      new SingleQueries(in, mask).forward();
    }
    if (mask.several().isEmpty()) {
      return;
    }
    Tensor q = in.wide(in.q());
    Tensor y = in.y();
    Tensor sums = in.logSumExp();
    for (Branch branch : mask.several()) {
      Keys keys = Keys.of(branch, in, mask);
      forTiles(branch, in.heads(), mask, tile -> tile.forward(q, in.scale(), keys, y, sums));
    }
  }

  /** Sums the gradients of several runs of keys in a copy, then adds them to the keys' rows. */
  @Override
  public void backward(ByHead in, Gradients gradients, TorchMask mask) {
    Tensor dK = in.ofKeys(gradients.dK());
    Tensor dV = in.ofKeys(gradients.dV());
    Tensor q = in.wide(in.q());
    for (Branch branch : mask.branches()) {
      Keys keys = Keys.of(branch, in, mask);
      boolean inPlace = branch.isOneRun();
      Tensor dKeys = inPlace ? rows(dK, branch) : torch.zeros_like(keys.k);
      Tensor dValues = inPlace ? rows(dV, branch) : torch.zeros_like(keys.v);
      forTiles(
          branch, in.heads(), mask, tile -> tile.backward(in, q, keys, gradients, dKeys, dValues));
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
    return mask.kept(branch, branch::rows);
  }

  /** The keys and values that a branch sees, in order, in float32: {@code (s, K, D)}. */
  private record Keys(Tensor k, Tensor v) {
    static Keys of(Branch branch, ByHead in, TorchMask mask) {
      return new Keys(in.wide(seen(in.k(), branch, mask)), in.wide(seen(in.v(), branch, mask)));
    }

    private static Tensor seen(Tensor x, Branch branch, TorchMask mask) {
      return branch.isOneRun() ? rows(x, branch) : torch.index_select(x, 0, places(branch, mask));
    }

    Keys part(long first, long count) {
      return new Keys(k.narrow(0, first, count), v.narrow(0, first, count));
    }
  }

  private static void forTiles(
      Branch branch, Heads heads, TorchMask mask, Consumer<Tile> operation) {
    for (int from = 0; from < branch.queries(); from += QUERIES) {
      Branch part = branch.part(from, Math.min(branch.queries(), from + QUERIES));
      Tile tile = new Tile(heads, mask, part, branch.first(from));
      Scope.part(() -> operation.accept(tile));
    }
  }

  /** The queries of a part and its keys, the first of which is key {@code first} of the branch. */
  private record Tile(Heads heads, TorchMask mask, Branch part, int first) {
    private int t() {
      return part.queries();
    }

    private int s() {
      return part.keys();
    }

    void forward(Tensor q, float scale, Keys all, Tensor y, Tensor logSumExp) {
      Keys keys = all.part(first, s());
      Tensor scores = scores(q, scale, keys, mask.zero(), 0);
      Tensor top = torch.amax(scores, LAST, true);
      scores.sub_(top).exp_();
      Tensor sum = scores.sum(LAST, true, new ScalarTypeOptional());
      Tensor out = torch.bmm(scores, keys.v.transpose(0, 1)).div_(sum);
      own(y).copy_(byHead(out));
      own(logSumExp).copy_(byHead(sum.log_().add_(top)).squeeze(2));
    }

    void backward(ByHead in, Tensor q, Keys all, Gradients of, Tensor dK, Tensor dV) {
      Keys keys = all.part(first, s());
      Tensor sums = own(in.logSumExp()).unsqueeze(2);
      Tensor p = scores(q, in.scale(), keys, grouped(sums), -1).exp_();
      Tensor dOut = grouped(own(in.ofQueries(of.dY())));
      add(torch.bmm(p.transpose(1, 2), dOut), new Scalar(1f), dV);
      Tensor y = grouped(own(in.y()));
      Tensor centre = dOut.mul(y).sum(LAST, true, new ScalarTypeOptional());
      Tensor dScores = product(centre, -1, dOut, keys.v.permute(1, 2, 0), 1).mul_(p);
      Scalar scale = new Scalar(in.scale());
      Tensor dQueries = byHead(torch.bmm(dScores, keys.k.transpose(0, 1)));
      own(in.ofQueries(of.dQ())).add_(dQueries, scale);
      add(torch.bmm(dScores.transpose(1, 2), grouped(own(q))), scale, dK);
    }

    /** Adds a gradient {@code (K, s, D)} to the rows that the tile sees. */
    private void add(Tensor gradient, Scalar scale, Tensor rows) {
      rows.narrow(0, first, s()).add_(gradient.transpose(0, 1), scale);
    }

    /** The tile's own rows. */
    private Tensor own(Tensor x) {
      return x.narrow(0, part.firstQuery(), t());
    }

    /** {@code (t, H, columns)} copied to {@code (K, G·t, columns)}. */
    private Tensor grouped(Tensor rows) {
      return rows.transpose(0, 1).reshape(heads.keyValue(), -1, rows.size(2));
    }

    /** {@code (K, G·t, columns)} seen as {@code (t, H, columns)}. */
    private Tensor byHead(Tensor grouped) {
      return grouped.view(heads.query(), t(), grouped.size(2)).transpose(0, 1);
    }

    /** {@code c·beta + scale·q·kᵀ} with unseen tokens masked, {@code (K, G·t, s)}. */
    private Tensor scores(Tensor queries, float scale, Keys keys, Tensor c, int beta) {
      Tensor q = grouped(own(queries));
      Tensor scores = product(c, beta, q, keys.k.permute(1, 2, 0), scale);
      Tensor byQuery = scores.view(heads.query(), t(), s());
      if (t() > 1) {
        byQuery.narrow(2, s() - t(), t()).add_(mask.laterTokens(t()));
      }
      if (s() > part.window()) {
        byQuery.add_(mask.earlierTokens(t(), s(), part.window()));
      }
      return scores;
    }

    /** {@code c·beta + alpha·a·b}; c is ignored if beta is 0. */
    private Tensor product(Tensor c, int beta, Tensor a, Tensor b, float alpha) {
      return torch.baddbmm(c, a, b, new Scalar(beta), new Scalar(alpha));
    }
  }
}
