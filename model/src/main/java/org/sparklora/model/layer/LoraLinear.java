package org.sparklora.model.layer;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * A linear layer plus a trained low-rank update: {@code y = x·Wᵀ + b + s·(drop(x)·Aᵀ)·Bᵀ} (Hu et
 * al., 2021), with W and b of the base, A {@code (R, in)}, B {@code (out, R)} and the scale s. As
 * in PEFT, dropout touches the input of A only.
 *
 * @param dropout share of x that is dropped; 0 outside training
 * @param seed seed of the dropout mask, which backward draws again
 */
public record LoraLinear(
    DenseLinear base, Weight a, Weight b, float scale, float dropout, long seed) implements Linear {
  /** Smallest rank whose u and dU are rounded for products: with smaller ones float32 is faster. */
  public static final int LEAST_ROUNDED = 9;

  @Override
  public int rank() {
    return a.value().rows();
  }

  /** {@code u} receives {@code drop(x)·Aᵀ}: u is R wide, so keeping it is cheap. */
  @Override
  public void forward(Workspace workspace, Tensor x, Tensor y, Tensor u, boolean adds) {
    Engine k = workspace.engine();
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    boolean baseFirst = adds || k.activationType() != DType.FLOAT32; // as PEFT adds
    if (baseFirst) {
      base.forward(workspace, in, y, u, adds);
    }
    recompute(workspace, in, u);
    k.matmul(u, b.value(), scale, baseFirst, y); // y += s·u·Bᵀ
    if (!baseFirst) { // the update would vanish if it were added to a rounded base
      base.forward(workspace, in, y, u, true);
    }
  }

  @Override
  public void recompute(Workspace workspace, Tensor x, Tensor u) {
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    workspace.engine().matmul(dropped(workspace, in), a.value(), u); // u = drop(x)·Aᵀ
  }

  @Override
  public void backward(
      Workspace workspace, Tensor x, Tensor u, Tensor dY, Tensor dX, boolean adds) {
    Engine k = workspace.engine();
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    Tensor dOut = workspace.operand(Buffer.D_OPERAND, dY);
    Tensor dU = // read only by products
        rank() < LEAST_ROUNDED
            ? workspace.lend(Buffer.D_LORA, u.shape())
            : workspace.lendOperand(Buffer.D_LORA, u.shape());
    // forward: y += s·u·Bᵀ
    b.gradient().ifPresent(dB -> k.matmulBackwardWeight(dOut, u, scale, dB));
    k.matmulInput(dOut, b.value(), scale, false, dU);
    // forward: u = drop(x)·Aᵀ
    a.gradient().ifPresent(dA -> k.matmulBackwardWeight(dU, dropped(workspace, in), 1f, dA));
    if (dropout != 0) {
      if (!adds) {
        k.fill(dX, 0);
      }
      Tensor dDropped = workspace.lend(Buffer.DROPPED, x.shape());
      k.matmulInput(dU, a.value(), 1f, false, dDropped);
      k.dropoutBackward(dDropped, dropout, seed, dX);
    } else {
      k.matmulInput(dU, a.value(), 1f, adds, dX);
    }
    base.backward(workspace, in, u, dOut, dX, true); // forward: y = x·Wᵀ + b
  }

  private Tensor dropped(Workspace workspace, Tensor x) {
    if (dropout == 0) {
      return x;
    }
    Tensor dropped = workspace.lend(Buffer.DROPPED, x.dtype(), x.shape());
    workspace.engine().dropout(x, dropout, seed, dropped);
    return dropped;
  }

  @Override
  public Linear salted(long salt) {
    // engines scramble the seed, so that neighbouring seeds give unrelated masks
    return new LoraLinear(base, a, b, scale, dropout, seed + salt);
  }
}
