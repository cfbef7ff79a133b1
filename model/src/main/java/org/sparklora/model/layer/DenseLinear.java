package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/** {@code y = x·Wᵀ + b}, with W {@code (out, in)} and b {@code (out)}, if the layer has one. */
public record DenseLinear(Weight weight, Optional<Weight> bias) implements Linear {

  @Override
  public void forward(Workspace workspace, Tensor x, Tensor y, Tensor u, boolean adds) {
    Engine k = workspace.engine();
    k.matmul(x, weight.value(), 1f, adds, y);
    bias.ifPresent(b -> k.addBias(y, b.value()));
  }

  @Override
  public void backward(
      Workspace workspace, Tensor x, Tensor u, Tensor dY, Tensor dX, boolean adds) {
    Engine k = workspace.engine();
    Tensor dOut = workspace.operand(Buffer.D_OPERAND, dY);
    // forward: y = x·Wᵀ + b
    weight.gradient().ifPresent(dWeight -> k.matmulBackwardWeight(dOut, x, 1f, dWeight));
    bias.flatMap(Weight::gradient).ifPresent(dBias -> k.addBiasBackward(dY, dBias));
    k.matmulInput(dOut, weight.value(), 1f, adds, dX);
  }
}
