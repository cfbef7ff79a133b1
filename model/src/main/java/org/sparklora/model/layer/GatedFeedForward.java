package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/** The gated feed-forward layer (Shazeer, 2020): {@code down(f(gate(x)) · up(x))}. */
public record GatedFeedForward(GateFunction f, Linear gate, Linear up, Linear down)
    implements FeedForward {

  /**
   * The tensors of one forward that backward needs; {@code f(gate) · up} is cheap and computed
   * again. Backward overwrites gate and up, {@code (N, F)}.
   */
  public record Saved(Tensor gate, Tensor up, Tensor uGate, Tensor uUp, Tensor uDown)
      implements FeedForward.Saved {

    /** The rows {@code [from, to)}. */
    Saved rows(int from, int to) {
      return new Saved(
          gate.rows(from, to),
          up.rows(from, to),
          uGate.rows(from, to),
          uUp.rows(from, to),
          uDown.rows(from, to));
    }
  }

  @Override
  public void forward(
      Workspace workspace, Tensor x, FeedForward.Saved kept, Optional<Tensor> residual) {
    Saved saved = (Saved) kept;
    project(workspace, x, saved);
    Tensor gated = gated(workspace, saved);
    if (residual.isPresent()) {
      down.forward(workspace, gated, residual.get(), saved.uDown, true);
    } else {
      down.recompute(workspace, gated, saved.uDown);
    }
    workspace.giveBack(Buffer.GATED);
  }

  /** Computes gate and up. */
  void project(Workspace workspace, Tensor x, Saved saved) {
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    gate.forward(workspace, in, saved.gate, saved.uGate, false);
    up.forward(workspace, in, saved.up, saved.uUp, false);
  }

  @Override
  public void backward(
      Workspace workspace, Tensor x, FeedForward.Saved kept, Tensor dResidual, Tensor dX) {
    Saved saved = (Saved) kept;
    Tensor gated = gated(workspace, saved);
    Tensor dGated = workspace.lend(Buffer.D_GATED, gated.shape());
    down.backward( // forward: residual += down(gated)
        workspace, gated, saved.uDown, dResidual, dGated, false);
    // forward: gated = f(gate)·up
    workspace.engine().gateBackwardInPlace(f, saved.gate, saved.up, dGated);
    projectBackward(workspace, x, saved, dX);
    workspace.giveBack(Buffer.GATED, Buffer.D_GATED);
  }

  /** Overwrites dX; gate and up of {@code saved} hold their gradients. */
  void projectBackward(Workspace workspace, Tensor x, Saved saved, Tensor dX) {
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    gate.backward(workspace, in, saved.uGate, saved.gate, dX, false); // forward: gate = gate(x)
    up.backward(workspace, in, saved.uUp, saved.up, dX, true); // forward: up = up(x)
  }

  private Tensor gated(Workspace workspace, Saved saved) {
    Tensor gated = workspace.lendOperand(Buffer.GATED, saved.gate.shape());
    workspace.engine().gate(f, saved.gate, saved.up, gated);
    return gated;
  }
}
