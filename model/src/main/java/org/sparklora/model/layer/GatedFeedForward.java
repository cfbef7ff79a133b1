package org.sparklora.model.layer;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/** The gated feed-forward layer (Shazeer, 2020): {@code down(f(gate(x)) · up(x))}. */
public record GatedFeedForward(GateFunction f, Linear gate, Linear up, Linear down) {

  /**
   * The tensors of one forward that backward needs; {@code f(gate) · up} is cheap and computed
   * again.
   *
   * @param gate and up {@code (N, F)}; backward overwrites them
   */
  public record Saved(Tensor gate, Tensor up, Tensor uGate, Tensor uUp, Tensor uDown) {}

  /** {@code residual += down(f(gate(x)) · up(x))}, with x and residual {@code (N, C)}. */
  public void forward(Workspace workspace, Tensor x, Saved saved, Tensor residual) {
    project(workspace, x, saved);
    down.forwardAdd(workspace, gated(workspace, saved), residual, saved.uDown);
    workspace.giveBack(Buffer.GATED);
  }

  private void project(Workspace workspace, Tensor x, Saved saved) {
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    gate.forward(workspace, in, saved.gate, saved.uGate);
    up.forward(workspace, in, saved.up, saved.uUp);
  }

  /** Fills {@code saved} as forward does, without computing {@code down}. */
  public void recompute(Workspace workspace, Tensor x, Saved saved) {
    project(workspace, x, saved);
    down.recompute(workspace, gated(workspace, saved), saved.uDown);
    workspace.giveBack(Buffer.GATED);
  }

  /** Overwrites dX, and {@code saved.gate} and {@code saved.up} with their gradients. */
  public void backward(Workspace workspace, Tensor x, Saved saved, Tensor dResidual, Tensor dX) {
    Tensor gated = gated(workspace, saved);
    Tensor dGated = workspace.lend(Buffer.D_GATED, gated.shape());
    down.backward( // forward: residual += down(gated)
        workspace, gated, saved.uDown, dResidual, dGated, false);
    Engine engine = workspace.engine(); // forward: gated = f(gate)·up
    switch (f) {
      case SILU -> engine.swiGluBackwardInPlace(saved.gate, saved.up, dGated);
      case GELU_TANH -> engine.geGluBackwardInPlace(saved.gate, saved.up, dGated);
    }
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    gate.backward(workspace, in, saved.uGate, saved.gate, dX, false); // forward: gate = gate(x)
    up.backward(workspace, in, saved.uUp, saved.up, dX, true); // forward: up = up(x)
    workspace.giveBack(Buffer.GATED, Buffer.D_GATED);
  }

  private Tensor gated(Workspace workspace, Saved saved) {
    Tensor gated = workspace.lendOperand(Buffer.GATED, saved.gate.shape());
    switch (f) {
      case SILU -> workspace.engine().swiGlu(saved.gate, saved.up, gated);
      case GELU_TANH -> workspace.engine().geGlu(saved.gate, saved.up, gated);
    }
    return gated;
  }
}
