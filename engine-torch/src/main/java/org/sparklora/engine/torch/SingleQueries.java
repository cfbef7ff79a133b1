package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;

/**
 * Attention of branches with one query, all at once: as a step of decoding has them. The keys of
 * each are gathered into blocks of a fixed number, whose softmaxes are merged in the order of the
 * blocks. So a query's result depends neither on other branches nor on where its keys lie.
 */
final class SingleQueries {
  /** Keys of a block; the last block of a branch repeats its first key, masked. */
  static final int BLOCK = 64;

  private static final long[] LAST = {-1};

  private final List<Branch> branches;
  private final Heads heads;
  private final TorchMask mask;
  private final int[] blocks; // of each branch
  private final int longest; // the most of them

  private SingleQueries(Heads heads, TorchMask mask) {
    this.branches = mask.single();
    this.heads = heads;
    this.mask = mask;
    this.blocks = branches.stream().mapToInt(b -> (b.keys() + BLOCK - 1) / BLOCK).toArray();
    this.longest = Arrays.stream(blocks).max().orElse(0);
  }

  static void forward(
      BranchAttention.Inputs in, TorchTensor y, TorchTensor logSumExp, TorchMask mask) {
    new SingleQueries(in.heads(), mask).forward(in, y, logSumExp);
  }

  private void forward(BranchAttention.Inputs in, TorchTensor y, TorchTensor logSumExp) {
    long total = Arrays.stream(blocks).sum();
    long group = heads.query() / heads.keyValue();
    long size = heads.size();
    Tensor q = in.wide(torch.index_select(in.queries(), 0, queriesOfBlocks())); // (blocks, H, D)
    Tensor k = in.wide(gathered(in.keys())); // (blocks·K, BLOCK, D)
    Tensor v = in.wide(gathered(in.values()));
    Tensor scores = torch.bmm(q.view(-1, group, size), k.transpose(1, 2));
    scores.mul_(new Scalar(in.scale()));
    scores
        .view(total, heads.query(), BLOCK)
        .masked_fill_(beyond(total), new Scalar(Float.NEGATIVE_INFINITY));
    Tensor top = torch.amax(scores, LAST, true); // (blocks·K, G, 1)
    Tensor sum = scores.sub_(top).exp_().sum(LAST, true, new ScalarTypeOptional());
    Tensor out = torch.bmm(scores, v).view(total, heads.query(), size);
    merge(
        top.view(total, heads.query(), 1),
        sum.view(total, heads.query(), 1),
        out,
        y,
        in.byHead(y, heads.query()),
        in.sums(logSumExp));
  }

  /** The softmaxes of each branch's blocks as one, first block to last. */
  private void merge(
      Tensor tops, Tensor sums, Tensor outs, TorchTensor result, Tensor y, Tensor logSumExp) {
    Tensor top = block(tops, 0);
    for (int i = 1; i < longest; i++) {
      top = torch.max(top, block(tops, i)); // of a shorter branch its last block again
    }
    Tensor sum = torch.zeros_like(top);
    Tensor out = torch.zeros_like(block(outs, 0));
    for (int i = 0; i < longest; i++) {
      Tensor weight = block(tops, i).sub(top).exp_();
      if (i > 0) {
        weight.masked_fill_(ended(i), new Scalar(0f));
      }
      sum.addcmul_(block(sums, i), weight, new Scalar(1f));
      out.addcmul_(block(outs, i), weight, new Scalar(1f));
    }
    Tensor queries = queries();
    y.index_copy_(0, queries, result.rounded(out.div_(sum)));
    logSumExp.index_copy_(0, queries, sum.log_().add_(top).squeeze(2));
  }

  // ---- what the mask keeps -------------------------------------------------------------------

  /** Rows of q, {@code (branches)}. */
  private Tensor queries() {
    return mask.kept("queries", () -> branches.stream().mapToInt(Branch::firstQuery).toArray());
  }

  /** Rows of q, {@code (blocks)}. */
  private Tensor queriesOfBlocks() {
    return mask.kept(
        "queries of blocks", () -> ofBlocks((b, block) -> branches.get(b).firstQuery()));
  }

  private interface OfBlock {
    int number(int branch, int block);
  }

  private int[] ofBlocks(OfBlock numbers) {
    int[] all = new int[Arrays.stream(blocks).sum()];
    int at = 0;
    for (int b = 0; b < blocks.length; b++) {
      for (int block = 0; block < blocks[b]; block++) {
        all[at++] = numbers.number(b, block);
      }
    }
    return all;
  }

  /** {@code (S, K, D)} to {@code (blocks·K, BLOCK, D)}. */
  private Tensor gathered(Tensor x) {
    Tensor rows = mask.kept("keys of " + heads.keyValue(), this::keys);
    Tensor flat = x.view(-1, heads.size());
    return torch.index_select(flat, 0, rows).view(-1, BLOCK, heads.size());
  }

  /** Rows of {@code (S·K, D)}, in the order (blocks, K, BLOCK). */
  private int[] keys() {
    int[] rows = new int[Arrays.stream(blocks).sum() * heads.keyValue() * BLOCK];
    int at = 0;
    for (int b = 0; b < blocks.length; b++) {
      int[] keys = TorchMask.keys(branches.get(b));
      for (int first = 0; first < keys.length; first += BLOCK) {
        for (int kv = 0; kv < heads.keyValue(); kv++) {
          for (int i = first; i < first + BLOCK; i++) {
            rows[at++] = keys[i < keys.length ? i : 0] * heads.keyValue() + kv;
          }
        }
      }
    }
    return rows;
  }

  /** True beyond a branch's keys, {@code (blocks, 1, BLOCK)}. */
  private Tensor beyond(long total) {
    Tensor counts =
        mask.kept(
            "keys in blocks", () -> ofBlocks((b, block) -> branches.get(b).keys() - block * BLOCK));
    Tensor places = mask.kept("places", () -> IntStream.range(0, BLOCK).toArray());
    return torch.ge(places.view(1, 1, BLOCK), counts.view(total, 1, 1));
  }

  /** Block i of each branch, or its last, {@code (branches, …)}. */
  private Tensor block(Tensor ofBlocks, int i) {
    Tensor places = mask.kept("block " + i, () -> places(i));
    return torch.index_select(ofBlocks, 0, places);
  }

  private int[] places(int i) {
    int[] places = new int[blocks.length];
    int first = 0;
    for (int b = 0; b < blocks.length; b++) {
      places[b] = first + Math.min(i, blocks[b] - 1);
      first += blocks[b];
    }
    return places;
  }

  /** True for branches without a block i, {@code (branches, 1, 1)}. */
  private Tensor ended(int i) {
    Tensor counts = mask.kept("blocks", () -> blocks);
    return torch.le(counts.view(-1, 1, 1), new Scalar(i));
  }
}
