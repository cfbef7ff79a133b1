package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Branch;

/**
 * FlashAttention-2 on a GPU, all branches in one call: their queries and the keys they see are laid
 * end to end in bfloat16, with cumulative lengths, and the last query of each branch sees all keys
 * of the branch. Query heads share key/value heads without copies.
 *
 * <p><b>This class has never run</b>: only libtorch's CUDA build has the kernels, and no GPU was
 * available. Tests on CPUs check the arguments up to the operators' calls.
 */
final class FlashAttention implements BranchAttention {
  private static final String FORWARD = "aten::_flash_attention_forward";
  private static final String BACKWARD = "aten::_flash_attention_backward";

  private final Function<Map<String, IValue>, Tensor[]> kernel; // of forward, by named arguments

  FlashAttention() {
    this(arguments -> Operator.of(FORWARD).call(arguments));
  }

  /** For tests without a GPU. */
  FlashAttention(Function<Map<String, IValue>, Tensor[]> kernel) {
    this.kernel = kernel;
  }

  @Override
  public void forward(ByHead in, TorchMask mask) {
    if (mask.several().isEmpty()) {
      single(in, mask);
      return;
    }
    Packed packed = new Packed(in, mask);
    Map<String, IValue> arguments = packed.arguments();
    arguments.put("return_debug_mask", new IValue(false));
    Tensor[] results = kernel.apply(arguments);
    Tensor y = in.y();
    packed.put(TorchTensor.rounded(results[0], y), y);
    Tensor sums = results[1]; // (H, queries)
    if (sums.size(0) != in.heads().query()) {
      throw new IllegalStateException(
          "libtorch's FlashAttention returned log-sum-exps of another shape than (heads, queries); use the version that the build names");
    }
    packed.put(sums.t(), in.logSumExp());
  }

  @Override
  public void backward(ByHead in, Gradients gradients, TorchMask mask) {
    Packed packed = new Packed(in, mask);
    Tensor sums = packed.gathered(in.logSumExp(), packed.queries);
    Map<String, IValue> arguments = packed.arguments();
    arguments.put("grad_out", packed.ofQueries(in.ofQueries(gradients.dY())));
    arguments.put("out", packed.ofQueries(in.y()));
    arguments.put("logsumexp", new IValue(sums.t().contiguous()));
    Tensor noDropout = torch.zeros(new long[] {2}, packed.queries.options());
    arguments.put("rng_state", new IValue(noDropout));
    arguments.put("unused", new IValue(noDropout));
    Tensor[] results = Operator.of(BACKWARD).call(arguments);
    packed.add(results[0], packed.queries, in.ofQueries(gradients.dQ()));
    packed.add(results[1], packed.keys, in.ofKeys(gradients.dK()));
    packed.add(results[2], packed.keys, in.ofKeys(gradients.dV()));
  }

  /**
   * Computes branches of one query each, as in decoding. The G query heads of a key/value head are
   * passed as G queries of K heads: else the kernel would divide a row's keys by the number of
   * rows, and a row's result would depend on other rows. The device reads a row's number of keys.
   */
  private void single(ByHead in, TorchMask mask) {
    KeyTable table = mask.table();
    long rows = table.rows();
    long keyHeads = in.heads().keyValue();
    long group = in.heads().query() / keyHeads;
    long size = in.heads().size();
    long most = (long) table.blocks() * KeyTable.BLOCK;
    Tensor keys = table.keys().view(-1);
    Tensor q = mask.ofSingle(in.q()).view(rows, keyHeads, group, size).transpose(1, 2);
    Map<String, IValue> arguments = new HashMap<>();
    arguments.put("query", rounded(q.contiguous().view(-1, keyHeads, size)));
    arguments.put("key", rounded(torch.index_select(in.k(), 0, keys)));
    arguments.put("value", rounded(torch.index_select(in.v(), 0, keys)));
    arguments.put("cum_seq_q", new IValue(mask.ends(group)));
    arguments.put("cum_seq_k", new IValue(mask.ends(most)));
    arguments.put("seqused_k", new IValue(mask.counts()));
    arguments.put("max_q", new IValue(group));
    arguments.put("max_k", new IValue(most));
    arguments.put("dropout_p", new IValue(0d));
    arguments.put("is_causal", new IValue(false));
    arguments.put("return_debug_mask", new IValue(false));
    arguments.put("scale", new IValue((double) in.scale()));
    Tensor[] results = kernel.apply(arguments);
    Tensor out = results[0].view(rows, group, keyHeads, size).transpose(1, 2);
    mask.putSingle(out.reshape(rows, in.heads().query(), size), in.y());
    Tensor sums = results[1].view(keyHeads, rows, group).transpose(0, 1); // (K, R·G)
    mask.putSingle(sums.reshape(rows, in.heads().query()), in.logSumExp());
  }

  private static IValue rounded(Tensor x) {
    return new IValue(x.to(ScalarType.BFloat16));
  }

  /** All branches, laid end to end. */
  private static final class Packed {
    private final ByHead in;
    private final TorchMask mask;
    private final List<Branch> branches;
    private final boolean isInOrder;
    final Tensor queries; // rows of q
    final Tensor keys; // rows of k

    Packed(ByHead in, TorchMask mask) {
      this.in = in;
      this.mask = mask;
      this.branches = mask.branches();
      long rows = in.q().size(0);
      this.isInOrder = rows == in.k().size(0) && mask.isInOrder(rows);
      this.queries = mask.kept("all queries", () -> rows(Packed::queries));
      this.keys = mask.kept("all keys", () -> rows(Branch::rows));
    }

    private static int[] queries(Branch branch) {
      return IntStream.range(branch.firstQuery(), branch.firstQuery() + branch.queries()).toArray();
    }

    private int[] rows(Function<Branch, int[]> rows) {
      return branches.stream().flatMapToInt(branch -> Arrays.stream(rows.apply(branch))).toArray();
    }

    /** The arguments that forward and backward share. */
    Map<String, IValue> arguments() {
      Map<String, IValue> arguments = new HashMap<>();
      arguments.put("query", ofQueries(in.q()));
      arguments.put("key", rounded(gathered(in.k(), keys)));
      arguments.put("value", rounded(gathered(in.v(), keys)));
      arguments.put("cum_seq_q", ends("ends of queries", Branch::queries));
      arguments.put("cum_seq_k", ends("ends of keys", Branch::keys));
      arguments.put("max_q", longest(Branch::queries));
      arguments.put("max_k", longest(Branch::keys));
      arguments.put("dropout_p", new IValue(0d));
      arguments.put("is_causal", new IValue(true));
      int window = branches.get(0).window();
      if (window != Branch.ALL) {
        arguments.put("window_size_left", new IValue(window - 1L));
        arguments.put("window_size_right", new IValue(0L));
      }
      arguments.put("scale", new IValue((double) in.scale()));
      return arguments;
    }

    IValue ofQueries(Tensor x) {
      return rounded(gathered(x, queries));
    }

    Tensor gathered(Tensor x, Tensor rows) {
      return isInOrder ? x : torch.index_select(x, 0, rows);
    }

    /** Copies the rows of queries to their places in {@code y}. */
    void put(Tensor x, Tensor y) {
      if (isInOrder) {
        y.copy_(x);
      } else {
        y.index_copy_(0, queries, x);
      }
    }

    /** Adds rows to their places in {@code y}, which is float32. */
    void add(Tensor x, Tensor rows, Tensor y) {
      if (isInOrder) {
        y.add_(x);
      } else {
        y.index_add_(0, rows, x.to(ScalarType.Float));
      }
    }

    /** The cumulative lengths of the branches, beginning with 0, int32. */
    private IValue ends(String name, ToIntFunction<Branch> length) {
      Tensor ends =
          mask.kept(
              name,
              () -> {
                int[] sums = new int[branches.size() + 1];
                for (int b = 0; b < branches.size(); b++) {
                  sums[b + 1] = sums[b] + length.applyAsInt(branches.get(b));
                }
                return sums;
              });
      return new IValue(ends.to(ScalarType.Int));
    }

    private IValue longest(ToIntFunction<Branch> length) {
      return new IValue((long) branches.stream().mapToInt(length).max().orElse(0));
    }
  }
}
