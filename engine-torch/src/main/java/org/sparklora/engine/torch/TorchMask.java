package org.sparklora.engine.torch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.tensor.NativeMemory;

/**
 * A mask with tensors that attention derives from it on the device, made at the first attention and
 * used by all layers. Branches of one query have their keys in a {@link KeyTable}: the mask's own,
 * or in a decoding step one that is kept between steps.
 */
final class TorchMask extends AttentionMask {
  private static final float HIDDEN = -1e30f;

  private final TorchDevice device;
  private final List<Branch> single; // of one query each, as in decoding
  private final List<Branch> several; // of several queries each
  private final Map<Object, TorchDevice.Allocation> kept = new HashMap<>();
  private final Map<Object, Tensor> made = new HashMap<>();
  private final Optional<Step> step; // of decoding
  private KeyTable own; // null in a step, and before the first attention

  /**
   * A step of decoding: query n is row n, whose keys in the table are those that it sees, up to the
   * one with the number {@code last} {@code (R)} in the row.
   */
  record Step(KeyTable table, Tensor last) {}

  @Override
  protected TorchMask of(List<Branch> others) {
    return new TorchMask(device, others, Optional.empty());
  }

  TorchMask(TorchDevice device, List<Branch> branches, Optional<Step> step) {
    super(branches);
    this.device = device;
    this.step = step;
    this.single = branches.stream().filter(b -> b.queries() == 1).map(b -> b.part(0, 1)).toList();
    this.several = branches.stream().filter(branch -> branch.queries() > 1).toList();
  }

  // ---- branches of one query -----------------------------------------------------------------

  List<Branch> single() {
    return single;
  }

  /** The table of the keys of {@link #single}. */
  KeyTable table() {
    if (step.isPresent()) {
      return step.get().table;
    }
    if (own == null) {
      int most = single.stream().mapToInt(Branch::keys).max().orElse(0);
      own = new KeyTable(device, single.size(), KeyTable.blocksFor(most));
      own.update(single);
    }
    return own;
  }

  /** Number of each branch's last key in its row of the table, {@code (R)}. */
  private Tensor last() {
    return step.map(Step::last)
        .orElseGet(
            () -> kept("last keys", () -> single.stream().mapToInt(b -> b.keys() - 1).toArray()));
  }

  /** Rows of q that belong to {@link #single}; a decoding step does not need them. */
  private Tensor queries() {
    return kept("queries", () -> single.stream().mapToInt(Branch::firstQuery).toArray());
  }

  /** Gathers the rows of {@link #single}, in their order. */
  Tensor ofSingle(Tensor ofQueries) {
    return step.isPresent() ? ofQueries : torch.index_select(ofQueries, 0, queries());
  }

  /** Writes rows of {@link #single} to their places in {@code y}, rounded to its type. */
  void putSingle(Tensor x, Tensor y) {
    if (step.isPresent()) {
      y.copy_(x);
    } else {
      y.index_copy_(0, queries(), TorchTensor.rounded(x, y));
    }
  }

  /** Row numbers of {@code (S·K, D)} in the order (R, B, K, BLOCK). */
  Tensor keysByHead(int heads) {
    return made(
        "keys of " + heads,
        () ->
            torch
                .arange(new Scalar((long) heads), device.options(ScalarType.Long))
                .view(heads, 1)
                .add(
                    table().keys().view(table().rows(), table().blocks(), 1, KeyTable.BLOCK),
                    new Scalar((long) heads))
                .view(-1));
  }

  /**
   * Added to scores, hides keys beyond a query's own from a softmax, {@code (R·B·K, 1, BLOCK)}: 0,
   * or so low that every score vanishes beside it. With −∞ a block without keys would be NaN.
   */
  Tensor hidden(int heads) {
    return made(
        "hidden from " + heads,
        () -> {
          long rows = table().rows();
          long blocks = table().blocks();
          Tensor places =
              torch.arange(new Scalar(blocks * KeyTable.BLOCK), device.options(ScalarType.Long));
          return torch
              .gt(places.view(1, -1), last().view(-1, 1))
              .mul(new Scalar(HIDDEN))
              .view(rows * blocks, 1, KeyTable.BLOCK)
              .expand(rows * blocks, heads, KeyTable.BLOCK)
              .contiguous()
              .view(-1, 1, KeyTable.BLOCK);
        });
  }

  /** Number of keys that each branch of {@link #single} sees, int32, {@code (R)}. */
  Tensor counts() {
    return made("counts", () -> last().add(new Scalar(1L)).to(ScalarType.Int));
  }

  /** {@code 0, size, …, R·size}, int32: the bounds of R rows of {@code size} each. */
  Tensor ends(long size) {
    return made(
        "ends of " + size,
        () ->
            torch.arange(
                new Scalar(0L),
                new Scalar((table().rows() + 1) * size),
                new Scalar(size),
                device.options(ScalarType.Int)));
  }

  // ---- branches of several queries -----------------------------------------------------------

  List<Branch> several() {
    return several;
  }

  /**
   * Whether queries and keys are the same {@code rows} rows, all of them from the first on in their
   * order: then nothing has to be gathered. This holds unless documents share a beginning.
   */
  boolean isInOrder(long rows) {
    int next = 0;
    for (Branch branch : branches()) {
      Branch.Run run = branch.runs().get(0);
      boolean isItsOwn = branch.keys() == branch.queries() && run.length() >= branch.keys();
      if (branch.firstQuery() != next || run.start() != next || !isItsOwn) {
        return false;
      }
      next += branch.queries();
    }
    return next == rows;
  }

  /** Row numbers on the device, made once for each name and freed with the mask. */
  Tensor kept(Object name, Supplier<int[]> rows) {
    return kept.computeIfAbsent(name, key -> device.indices(rows.get())).flat();
  }

  /** {@code (t, t)}: 0 where the key is not after the query, else −∞. */
  Tensor laterTokens(long t) {
    return made(t, () -> filled(Float.NEGATIVE_INFINITY, t, t).triu_(1));
  }

  /** {@code (t, s)}: 0 where the key is among the query's last {@code window}, else −∞. */
  Tensor earlierTokens(long t, long s, int window) {
    return made(
        List.of(t, s, window), () -> filled(Float.NEGATIVE_INFINITY, t, s).tril_(s - t - window));
  }

  /** A zero, {@code (1)}. */
  Tensor zero() {
    return made(0L, () -> filled(0, 1));
  }

  /** A tensor that operators make once, freed with the mask. */
  private Tensor made(Object name, Supplier<Tensor> operators) {
    Tensor tensor = made.get(name);
    if (tensor == null) {
      tensor = Scope.kept(operators);
      made.put(name, tensor);
    }
    return tensor;
  }

  private Tensor filled(float value, long... shape) {
    return torch.full(shape, new Scalar(value), device.options(ScalarType.Float));
  }

  @Override
  public void close() {
    super.close();
    kept.values().stream().map(TorchDevice.Allocation::counted).forEach(NativeMemory::close);
    kept.clear();
    made.values().forEach(Tensor::releaseReference);
    made.clear();
    if (own != null) {
      own.close();
      own = null;
    }
  }
}
