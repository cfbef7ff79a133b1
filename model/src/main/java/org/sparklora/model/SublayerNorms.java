package org.sparklora.model;

import java.util.Optional;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * The norms of a sublayer, attention or feed-forward: {@code y = x + after(sublayer(before(x)))},
 * with one of them or both.
 */
record SublayerNorms(Optional<RmsNorm> before, Optional<RmsNorm> after) {

  /**
   * The tensors that forward keeps for backward.
   *
   * @param rstd of the norm before, {@code (N)}
   * @param out the input of the norm after, {@code (N, C)}, or without columns
   * @param outRstd of the norm after, {@code (N)}, or without columns
   */
  record Saved(Tensor rstd, Tensor out, Tensor outRstd) {}

  /** {@code before(x)} in {@code normed}, or x itself without such a norm. */
  Tensor input(Workspace workspace, Tensor x, Tensor normed, Saved saved) {
    before.ifPresent(norm -> norm.forward(workspace.engine(), x, normed, saved.rstd));
    return before.isPresent() ? normed : x;
  }

  /** The tensor that the sublayer adds its result to: y, unless a norm follows. */
  Tensor sum(Workspace workspace, Saved saved, Tensor y) {
    if (after.isEmpty()) {
      return y;
    }
    workspace.engine().fill(saved.out, 0);
    return saved.out;
  }

  /** {@code y += after(out)}, if a norm follows. */
  void addTo(Workspace workspace, Saved saved, Tensor y) {
    if (after.isPresent()) {
      Tensor normed = after.get().forward(workspace, saved.out, saved.outRstd, Buffer.SUBLAYER);
      workspace.engine().addScaled(normed, 1, y);
      workspace.giveBack(Buffer.SUBLAYER);
    }
  }

  /** Computes the statistics of the norm that follows, for a backward after recomputation. */
  void recompute(Workspace workspace, Saved saved) {
    if (after.isPresent()) {
      after.get().forward(workspace, saved.out, saved.outRstd, Buffer.SUBLAYER);
      workspace.giveBack(Buffer.SUBLAYER);
    }
  }

  /** {@link #input} once more, for a backward; {@link #backward} gives its memory back. */
  Tensor inputAgain(Workspace workspace, Tensor x, Saved saved) {
    if (before.isEmpty()) {
      return x;
    }
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    before.get().again(workspace.engine(), x, normed, saved.rstd);
    return normed;
  }

  /** The gradient of the sublayer's result, from that of y. */
  Tensor dSum(Workspace workspace, Saved saved, Tensor dY) {
    return after.isPresent()
        ? after.get().backward(workspace, saved.out, saved.outRstd, dY, Buffer.D_SUBLAYER)
        : dY;
  }

  /** Turns dY into dX: adds the gradient that comes through the sublayer's input. */
  void backward(Workspace workspace, Tensor x, Saved saved, Tensor dInput, Tensor dY) {
    if (before.isPresent()) {
      before.get().backward(workspace.engine(), x, saved.rstd, dInput, dY);
    } else {
      workspace.engine().addScaled(dInput, 1, dY);
    }
    workspace.giveBack(Buffer.NORMED, Buffer.D_SUBLAYER);
  }
}
