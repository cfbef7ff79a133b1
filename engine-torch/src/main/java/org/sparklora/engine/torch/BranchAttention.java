package org.sparklora.engine.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.DType;

/** Computes attention over the branches of a mask, on a kind of device. */
interface BranchAttention {

  /** {@code s = scale·q·kᵀ, p = exp(s − logSumExp), y = p·v} of each query over its keys. */
  void forward(ByHead in, TorchMask mask);

  /**
   * Adds to the gradients: {@code dV += pᵀ·dY, dS = p·(dY·vᵀ − Σ dY·y), dQ += scale·dS·k, dK +=
   * scale·dSᵀ·q}.
   */
  void backward(ByHead in, Gradients gradients, TorchMask mask);

  /** The tensors of an attention, in place, with their columns divided into heads. */
  record ByHead(AttentionTensors tensors, Heads heads, float scale) {
    Tensor q() {
      return ofQueries(tensors.q());
    }

    Tensor k() {
      return ofKeys(tensors.k());
    }

    Tensor v() {
      return ofKeys(tensors.v());
    }

    Tensor y() {
      return ofQueries(tensors.y());
    }

    /** {@code (N, H)}. */
    Tensor logSumExp() {
      TorchTensor sums = TorchTensor.of(tensors.logSumExp());
      return sums.as(sums.size() / heads.query(), heads.query());
    }

    /** q, y or a gradient of these, {@code (N, H, D)}. */
    Tensor ofQueries(org.sparklora.model.engine.tensor.Tensor x) {
      return TorchTensor.of(x).as(x.size() / heads.queryWidth(), heads.query(), heads.size());
    }

    /** k, v or a gradient of these, {@code (S, K, D)}. */
    Tensor ofKeys(org.sparklora.model.engine.tensor.Tensor x) {
      return TorchTensor.of(x).as(x.size() / heads.keyValueWidth(), heads.keyValue(), heads.size());
    }

    /** A tensor of q, k or v in float32: {@code x} itself, or a copy. */
    Tensor wide(Tensor x) {
      return tensors.q().dtype() == DType.FLOAT32 ? x : x.to(ScalarType.Float);
    }
  }
}
