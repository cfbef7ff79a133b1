package org.sparklora.engine.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.DType;

/** Computes attention over the branches of a mask, on a kind of device. */
interface BranchAttention {

  /** {@code s = scale·q·kᵀ, p = exp(s − logSumExp), y = p·v} of each query over its keys. */
  void forward(Inputs in, TorchTensor y, TorchTensor logSumExp, TorchMask mask);

  /**
   * Adds to the gradients: {@code dV += pᵀ·dY, dS = p·(dY·vᵀ − Σ dY·y), dQ += scale·dS·k, dK +=
   * scale·dSᵀ·q}.
   */
  void backward(Inputs in, Result of, Gradients gradients, TorchMask mask);

  /**
   * The queries, keys and values of an attention.
   *
   * @param q {@code (N, H, D)}
   * @param k and v {@code (S, K, D)}
   */
  record Inputs(TorchTensor q, TorchTensor k, TorchTensor v, Heads heads, float scale) {
    Tensor queries() {
      return byHead(q, heads.query());
    }

    Tensor keys() {
      return byHead(k, heads.keyValue());
    }

    Tensor values() {
      return byHead(v, heads.keyValue());
    }

    /** A tensor of q, k or v in float32: {@code x} itself, or a copy. */
    Tensor wide(Tensor x) {
      return q.dtype() == DType.FLOAT32 ? x : x.to(ScalarType.Float);
    }

    /** {@code (rows, heads, D)} in place. */
    Tensor byHead(TorchTensor x, int count) {
      return x.as(x.size() / ((long) count * heads.size()), count, heads.size());
    }

    /** {@code (N, H)} in place. */
    Tensor sums(TorchTensor logSumExp) {
      return logSumExp.as(logSumExp.size() / heads.query(), heads.query());
    }
  }

  /** The results of forward, and the gradient of y. */
  record Result(TorchTensor y, TorchTensor logSumExp, TorchTensor dY) {}

  /** The gradients that backward adds to. */
  record Gradients(TorchTensor dQ, TorchTensor dK, TorchTensor dV) {}
}
