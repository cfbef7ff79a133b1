package org.sparklora.engine.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.Heads;

/**
 * Attention of R branches of one query each, all at once, as in a decoding step. The keys of each
 * branch are gathered into B blocks of {@link KeyTable#BLOCK}. The softmax subtracts a row's
 * largest score; sums of blocks are added in pairs of neighbours, then in pairs of those sums. So a
 * query's result depends neither on other branches, nor on where its keys lie, nor on B: blocks
 * beyond its keys add zeros at the end.
 *
 * <p>A row's number of keys is only read on the device, so that a step can be replayed.
 */
record SingleQueries(
    BranchAttention.ByHead in, TorchMask mask, Heads heads, long rows, long blocks) {
  private static final long[] LAST = {-1};
  private static final long[] KEYS = {1, 3}; // of (R, B, H, BLOCK)

  SingleQueries(BranchAttention.ByHead in, TorchMask mask) {
    this(in, mask, in.heads(), mask.table().rows(), mask.table().blocks());
  }

  void forward() {
    Tensor scores =
        torch.baddbmm(
            mask.hidden(heads.keyValue()),
            queries(),
            gathered(in.k()).transpose(1, 2),
            new Scalar(1f),
            new Scalar(in.scale())); // (R·B·K, G, BLOCK)
    Tensor byRow = scores.view(rows, blocks, heads.query(), KeyTable.BLOCK);
    Tensor top = torch.amax(byRow, KEYS, true); // (R, 1, H, 1)
    byRow.sub_(top).exp_();
    Tensor sum = added(byRow.sum(LAST, true, new ScalarTypeOptional())); // (R, 1, H, 1)
    Tensor outs = torch.bmm(scores, gathered(in.v()));
    Tensor out = added(outs.view(rows, blocks, heads.query(), heads.size()));
    mask.putSingle(out.div_(sum).squeeze(1), in.y());
    mask.putSingle(sum.log_().add_(top).view(rows, heads.query()), in.logSumExp());
  }

  /** The queries, repeated for each block, {@code (R·B·K, G, D)}. */
  private Tensor queries() {
    long group = heads.query() / heads.keyValue();
    Tensor q = in.wide(mask.ofSingle(in.q()));
    return q.view(rows, 1, heads.keyValue(), group, heads.size())
        .expand(rows, blocks, heads.keyValue(), group, heads.size())
        .contiguous()
        .view(-1, group, heads.size());
  }

  /** Gathers {@code (S, K, D)} to {@code (R·B·K, BLOCK, D)}. */
  private Tensor gathered(Tensor x) {
    Tensor flat = x.view(-1, heads.size());
    Tensor keys = torch.index_select(flat, 0, mask.keysByHead(heads.keyValue()));
    return in.wide(keys).view(-1, KeyTable.BLOCK, heads.size());
  }

  /** The sum over B, which is 2ⁿ or 3·2ⁿ, of {@code (R, B, …)}: {@code (R, 1, …)}. */
  private static Tensor added(Tensor x) {
    Tensor sum = x;
    while (sum.size(1) > 1) {
      long count = sum.size(1);
      if (count == 3) {
        Tensor first = sum.narrow(1, 0, 1).add(sum.narrow(1, 1, 1));
        sum = first.add_(sum.narrow(1, 2, 1));
      } else {
        Tensor pairs = sum.unflatten(1, count / 2, 2);
        sum = pairs.select(2, 0).add(pairs.select(2, 1));
      }
    }
    return sum;
  }
}
