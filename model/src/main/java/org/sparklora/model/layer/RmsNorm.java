package org.sparklora.model.layer;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * Root-mean-square layer normalisation (Zhang and Sennrich, 2019): {@code y = x / rms(x) · weight}
 * over rows as wide as {@code weight}, whatever the shape of x.
 *
 * @param weight {@code (C)}, or {@code (D)} for a norm of each head
 * @param epsilon added to the mean square
 */
public record RmsNorm(Weight weight, float epsilon) {

  /** Overwrites y with the norm of x, both {@code (M, C)}, and rstd {@code (M)} with 1/rms. */
  public void forward(Engine engine, Tensor x, Tensor y, Tensor rstd) {
    engine.rmsNorm(inRows(x), weight.value(), epsilon, inRows(y), rstd);
  }

  /** Returns y in an activation that the workspace lends; the caller gives the activation back. */
  public Tensor forward(Workspace workspace, Tensor x, Tensor rstd, Buffer buffer) {
    Tensor y = workspace.lendActivation(buffer, x.shape());
    forward(workspace.engine(), x, y, rstd);
    return y;
  }

  /** Recomputes {@link #forward} for backward, with forward's rstd. */
  public void again(Engine engine, Tensor x, Tensor y, Tensor rstd) {
    engine.rmsNormAgain(inRows(x), weight.value(), epsilon, inRows(y), rstd);
  }

  /** Adds to dX {@code (M, C)} and to the weight's gradient; dX may not be dY. */
  public void backward(Engine engine, Tensor x, Tensor rstd, Tensor dY, Tensor dX) {
    // forward: y = x · rstd · weight
    weight
        .gradient()
        .ifPresent(dWeight -> engine.rmsNormBackwardWeight(inRows(x), rstd, inRows(dY), dWeight));
    engine.rmsNormBackward(inRows(x), weight.value(), rstd, inRows(dY), inRows(dX));
  }

  /** Returns dX in a tensor that the workspace lends; the caller gives the tensor back. */
  public Tensor backward(Workspace workspace, Tensor x, Tensor rstd, Tensor dY, Buffer buffer) {
    Tensor dX = workspace.lendZeros(buffer, x.shape());
    backward(workspace.engine(), x, rstd, dY, dX);
    return dX;
  }

  private Tensor inRows(Tensor x) {
    long width = weight.value().size();
    return x.columns() == width ? x : x.reshape(x.size() / width, width);
  }
}
