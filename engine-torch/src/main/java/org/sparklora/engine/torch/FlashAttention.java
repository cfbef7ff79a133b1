package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
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

  /** The operator of forward, called with named arguments. */
  interface Kernel {
    Tensor[] call(Map<String, IValue> arguments);
  }

  private final Kernel kernel;

  FlashAttention() {
    this(arguments -> Operator.of(FORWARD).call(arguments));
  }

  /** For tests without a GPU. */
  FlashAttention(Kernel kernel) {
    this.kernel = kernel;
  }

  @Override
  public void forward(Inputs in, TorchTensor y, TorchTensor logSumExp, TorchMask mask) {
    if (mask.several().isEmpty()) {
      single(in, y, logSumExp, mask);
      return;
    }
    Packed packed = new Packed(in, mask);
    Map<String, IValue> arguments = packed.arguments();
    arguments.put("return_debug_mask", new IValue(false));
    Tensor[] results = kernel.call(arguments);
    packed.put(y.rounded(results[0]), in.byHead(y, in.heads().query()));
    Tensor sums = results[1]; // (H, queries)
    if (sums.size(0) != in.heads().query()) {
      throw new IllegalStateException(
          "libtorch's FlashAttention returned log-sum-exps of another shape than (heads, queries); use the version that the build names");
    }
    packed.put(sums.t(), in.sums(logSumExp));
  }

  @Override
  public void backward(Inputs in, Result of, Gradients gradients, TorchMask mask) {
    Packed packed = new Packed(in, mask);
    int queryHeads = in.heads().query();
    int keyHeads = in.heads().keyValue();
    Tensor sums = packed.gathered(in.sums(of.logSumExp()), packed.queries);
    Map<String, IValue> arguments = packed.arguments();
    arguments.put("grad_out", packed.ofQueries(in.byHead(of.dY(), queryHeads)));
    arguments.put("out", packed.ofQueries(in.byHead(of.y(), queryHeads)));
    arguments.put("logsumexp", new IValue(sums.t().contiguous()));
    Tensor noDropout = torch.zeros(new long[] {2}, packed.queries.options());
    arguments.put("rng_state", new IValue(noDropout));
    arguments.put("unused", new IValue(noDropout));
    Tensor[] results = Operator.of(BACKWARD).call(arguments);
    packed.add(results[0], packed.queries, in.byHead(gradients.dQ(), queryHeads));
    packed.add(results[1], packed.keys, in.byHead(gradients.dK(), keyHeads));
    packed.add(results[2], packed.keys, in.byHead(gradients.dV(), keyHeads));
  }

  /**
   * Computes branches of one query each, as in decoding. The G query heads of a key/value head are
   * passed as G queries of K heads: else the kernel would divide a row's keys by the number of
   * rows, and a row's result would depend on other rows. A row's number of keys is read on the
   * device.
   */
  private void single(Inputs in, TorchTensor y, TorchTensor logSumExp, TorchMask mask) {
    if (mask.isWindowedStep()) { // the kernel would count the window from each query head
      SingleQueries.forward(in, y, logSumExp, mask);
      return;
    }
    KeyTable table = mask.table();
    long rows = table.rows();
    long keyHeads = in.heads().keyValue();
    long group = in.heads().query() / keyHeads;
    long size = in.heads().size();
    long most = (long) table.blocks() * KeyTable.BLOCK;
    Tensor keys = table.keys().view(-1);
    Tensor q = mask.ofSingle(in.queries()).view(rows, keyHeads, group, size).transpose(1, 2);
    Map<String, IValue> arguments = new HashMap<>();
    arguments.put("query", rounded(q.contiguous().view(-1, keyHeads, size)));
    arguments.put("key", rounded(torch.index_select(in.keys(), 0, keys)));
    arguments.put("value", rounded(torch.index_select(in.values(), 0, keys)));
    arguments.put("cum_seq_q", new IValue(mask.ends(group)));
    arguments.put("cum_seq_k", new IValue(mask.ends(most)));
    arguments.put("seqused_k", new IValue(mask.counts()));
    arguments.put("max_q", new IValue(group));
    arguments.put("max_k", new IValue(most));
    arguments.put("dropout_p", new IValue(0d));
    arguments.put("is_causal", new IValue(false));
    arguments.put("return_debug_mask", new IValue(false));
    arguments.put("scale", new IValue((double) in.scale()));
    Tensor[] results = kernel.call(arguments);
    Tensor out = results[0].view(rows, group, keyHeads, size).transpose(1, 2);
    mask.putSingle(
        out.reshape(rows, in.heads().query(), size), in.byHead(y, in.heads().query()), y);
    Tensor sums = results[1].view(keyHeads, rows, group).transpose(0, 1); // (K, R·G)
    mask.putSingle(sums.reshape(rows, in.heads().query()), in.sums(logSumExp), logSumExp);
  }

  private static IValue rounded(Tensor x) {
    return new IValue(x.to(ScalarType.BFloat16));
  }

  /** All branches, laid end to end. */
  private static final class Packed {
    private final Inputs in;
    private final TorchMask mask;
    private final List<Branch> branches;
    private final boolean isInOrder;
    final Tensor queries; // rows of q
    final Tensor keys; // rows of k

    Packed(Inputs in, TorchMask mask) {
      this.in = in;
      this.mask = mask;
      this.branches = mask.branches();
      long rows = in.queries().size(0);
      this.isInOrder = rows == in.keys().size(0) && mask.isInOrder(rows);
      this.queries = mask.kept("all queries", () -> rows(Packed::queries));
      this.keys = mask.kept("all keys", () -> rows(TorchMask::keys));
    }

    private interface Rows {
      int[] of(Branch branch);
    }

    private static int[] queries(Branch branch) {
      return IntStream.range(branch.firstQuery(), branch.firstQuery() + branch.queries()).toArray();
    }

    private int[] rows(Rows rows) {
      return branches.stream().flatMapToInt(branch -> Arrays.stream(rows.of(branch))).toArray();
    }

    /** The arguments that forward and backward share. */
    Map<String, IValue> arguments() {
      Map<String, IValue> arguments = new HashMap<>();
      arguments.put("query", ofQueries(in.queries()));
      arguments.put("key", ofKeys(in.keys()));
      arguments.put("value", ofKeys(in.values()));
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
      return new IValue(gathered(x, queries).to(ScalarType.BFloat16));
    }

    private IValue ofKeys(Tensor x) {
      return new IValue(gathered(x, keys).to(ScalarType.BFloat16));
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
