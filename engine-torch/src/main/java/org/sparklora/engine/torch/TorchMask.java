package org.sparklora.engine.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.NativeMemory;

/**
 * A mask with what attention keeps of it on the device: rows of keys, made at the first attention
 * and used by all layers.
 */
final class TorchMask extends AttentionMask {
  private final TorchDevice device;
  private final List<Branch> single = new ArrayList<>();
  private final List<Branch> several = new ArrayList<>();
  private final Map<Object, TorchDevice.Allocation> kept = new HashMap<>();
  private final Map<Long, Tensor> later = new HashMap<>();

  TorchMask(TorchDevice device, List<Branch> branches) {
    super(branches);
    this.device = device;
    branches.forEach(branch -> (branch.queries() == 1 ? single : several).add(branch));
  }

  /** Branches of one query each: what decoding attends with. */
  List<Branch> single() {
    return single;
  }

  /** Branches of several queries each. */
  List<Branch> several() {
    return several;
  }

  /**
   * Whether queries and keys are the same rows, all of them from the first on in their order: then
   * nothing has to be gathered. So it is unless documents share a beginning.
   *
   * @param rows of queries, and of keys
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

  /** What makes row numbers that a mask keeps. */
  interface Rows {
    int[] make();
  }

  /**
   * Row numbers on the device, made once and freed with the mask.
   *
   * @param name of these among all that the mask keeps
   */
  Tensor kept(Object name, Rows rows) {
    return kept.computeIfAbsent(name, key -> device.indices(rows.make())).flat();
  }

  /** {@code (t, t)}: 0 where the key is not after the query, else −∞. */
  Tensor laterTokens(long t) {
    return later.computeIfAbsent(
        t, size -> Scope.kept(() -> filled(Float.NEGATIVE_INFINITY, size, size).triu_(1)));
  }

  /** {@code (1)}: 0. */
  Tensor zero() {
    return later.computeIfAbsent(0L, none -> Scope.kept(() -> filled(0, 1)));
  }

  private Tensor filled(float value, long... shape) {
    return torch.full(shape, new Scalar(value), device.options(ScalarType.Float));
  }

  /** The rows of the keys that a branch sees, in order. */
  static int[] keys(Branch branch) {
    int[] rows = new int[branch.keys()];
    branch.forEachRun(
        (start, count, key) ->
            System.arraycopy(IntStream.range(start, start + count).toArray(), 0, rows, key, count));
    return rows;
  }

  @Override
  public void close() {
    kept.values().stream().map(TorchDevice.Allocation::counted).forEach(NativeMemory::close);
    kept.clear();
    later.values().forEach(Tensor::releaseReference);
    later.clear();
  }
}
