package org.sparklora.engine.torch;

import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;

/**
 * Operations on elements and on rows: embedding, norms, rotation, gates, dropout.
 *
 * @param ofNorms the type in which norms are computed. A stack of layers magnifies the norms'
 *     roundings to float32 more than all others; rounding to bfloat16 hides the difference
 */
record Elementwise(TorchDevice device, ScalarType ofNorms) {
  /** Elements whose squares or mask are computed at a time: a mask of 16 MiB. */
  static final int CHUNK = 1 << 22;

  static void embed(TorchTensor table, Indices tokens, TorchTensor y) {
    Tensor of = TorchIndices.at(tokens);
    if (table.dtype() == y.dtype()) {
      torch.index_select_out(y.matrix(), table.matrix(), 0, of);
    } else {
      y.matrix().copy_(torch.index_select(table.matrix(), 0, of));
    }
  }

  static void embedBackward(Indices tokens, int paddingId, TorchTensor dY, TorchTensor dTable) {
    Tensor of = TorchIndices.at(tokens);
    Tensor isPadding = torch.eq(of, new Scalar(paddingId)).unsqueeze(1);
    Tensor rows = dY.matrix().masked_fill(isPadding, new Scalar(0f));
    dTable.matrix().index_add_(0, of, rows);
  }

  /** Adds up the squares on the device, and waits for the sum once. */
  double sumOfSquares(TorchTensor x) {
    Tensor sum = torch.zeros(new long[] {1}, device.options(ScalarType.Double));
    Scope.parts(
        x.size(),
        CHUNK,
        (first, count) -> {
          Tensor part = x.flat().narrow(0, first, count).to(ScalarType.Double);
          sum.add_(part.dot(part));
        });
    return device.bring(sum).await()[0];
  }

  static void putRows(TorchTensor x, Tensor to, TorchTensor y) {
    Tensor rows = y.matrix();
    rows.index_copy_(0, to, TorchTensor.rounded(x.matrix(), rows));
  }

  void rmsNorm(TorchTensor x, TorchTensor weight, float epsilon, TorchTensor y, TorchTensor rstd) {
    Tensor[] results =
        Operator.of("aten::_fused_rms_norm")
            .call(
                Map.of(
                    "input", new IValue(x.matrix().to(ofNorms)),
                    "normalized_shape", Operator.list(x.columns()),
                    "eps", new IValue((double) epsilon)));
    torch.mul_out(y.matrix(), results[0], weight.flat()); // rounded once
    rstd.flat().copy_(results[1].view(-1));
  }

  static void rmsNormAgain(TorchTensor x, TorchTensor weight, TorchTensor rstd, TorchTensor y) {
    torch.mul_out(y.matrix(), x.matrix().mul(rstd.as(rstd.size(), 1)), weight.flat());
  }

  /** With n = x·rstd and g = dY·weight, {@code dX += rstd · (g − n · mean(g·n))}. */
  static void rmsNormBackward(
      TorchTensor x, TorchTensor weight, TorchTensor rstd, TorchTensor dY, TorchTensor dX) {
    Tensor scale = rstd.as(rstd.size(), 1);
    Tensor n = x.matrix().mul(scale);
    Tensor g = dY.matrix().mul(weight.flat());
    Tensor mean = g.mul(n).mean(new long[] {1}, true, new ScalarTypeOptional()); // (M, 1)
    dX.matrix().addcmul_(g.addcmul_(n, mean, new Scalar(-1f)), scale);
  }

  static void rmsNormBackwardWeight(
      TorchTensor x, TorchTensor rstd, TorchTensor dY, TorchTensor dWeight) {
    Tensor n = x.matrix().mul(rstd.as(rstd.size(), 1));
    dWeight.flat().add_(n.mul_(dY.matrix()).sum(0));
  }

  /**
   * {@code a' = a·cos − b·sin, b' = b·cos + a·sin}: the head times the cosines, plus the head with
   * its halves exchanged times the sines, of which the first half is negative.
   */
  static void rotate(TorchTensor x, int headSize, TorchIndices.Angles angles, boolean inverse) {
    long tokens = angles.cos().size(0);
    Tensor heads = x.as(tokens, x.size() / (tokens * headSize), headSize);
    Tensor exchanged = torch.roll(heads, new long[] {headSize / 2}, 2);
    Scalar sign = new Scalar(inverse ? -1f : 1f);
    if (x.dtype() == DType.FLOAT32) {
      heads.mul_(angles.cos()).addcmul_(exchanged, angles.sin(), sign);
    } else { // rounded once
      heads.copy_(heads.mul(angles.cos()).addcmul_(exchanged, angles.sin(), sign));
    }
  }

  void gate(GateFunction f, TorchTensor gate, TorchTensor up, TorchTensor y) {
    Tensor g = gate.wide();
    Tensor activated =
        switch (f) {
          case SILU -> silu(g);
          case GELU_TANH -> torch.div(g, geluZ(g).neg_().exp_().add_(new Scalar(1f)));
        };
    torch.mul_out(y.as(gate.rows(), gate.columns()), activated, up.as(gate.rows(), gate.columns()));
  }

  /**
   * {@code g·σ(g)}. On CPUs {@code torch.silu} computes the last elements of a range by another
   * exponential, so that a row's result would depend on the number of rows.
   */
  private Tensor silu(Tensor g) {
    return device.isCuda() ? torch.silu(g) : torch.div(g, g.neg().exp_().add_(new Scalar(1f)));
  }

  /** z of {@code gelu(g) = g·σ(z)}. */
  private static Tensor geluZ(Tensor g) {
    return g.square()
        .mul_(new Scalar(GateFunction.CUBIC))
        .add_(new Scalar(GateFunction.LINEAR))
        .mul_(g);
  }

  /** Forward was {@code y = f(g)·u}; with gelu'(g) = σ + g·z'·σ·(1 − σ). */
  static void gateBackwardInPlace(
      GateFunction f, TorchTensor gate, TorchTensor up, TorchTensor dY) {
    Tensor g = gate.wide();
    Tensor dOut = dY.as(gate.rows(), gate.columns());
    Tensor u = up.as(gate.rows(), gate.columns());
    if (f == GateFunction.SILU) {
      Tensor dSilu = u.mul(dOut);
      torch.mul_out(u, torch.silu(g), dOut);
      torch.silu_backward_out(gate.matrix(), dSilu, g);
      return;
    }
    Tensor sigma = geluZ(g).sigmoid_();
    Tensor turn =
        g.square().mul_(new Scalar(3 * GateFunction.CUBIC)).add_(new Scalar(GateFunction.LINEAR));
    Tensor slope = turn.mul_(g).mul_(sigma.neg().add_(new Scalar(1f))).add_(new Scalar(1f));
    Tensor dGate = slope.mul_(sigma).mul_(dOut).mul_(u);
    torch.mul_out(u, sigma.mul_(g), dOut);
    gate.matrix().copy_(dGate);
  }

  // ---- dropout -------------------------------------------------------------------------------

  void dropout(TorchTensor x, float rate, long seed, boolean adds, TorchTensor y) {
    Scope.parts(
        x.size(),
        CHUNK, // no chunk crosses a multiple of 2³²
        (first, count) -> {
          Tensor mask = mask(first, count, rate, seed);
          Tensor out = y.flat().narrow(0, first, count);
          Tensor in = x.flat().narrow(0, first, count);
          if (adds) {
            out.addcmul_(mask, in, new Scalar(1f));
          } else {
            out.copy_(mask.mul_(in));
          }
        });
  }

  /**
   * 0 or 1/(1 − rate), {@code (count)}: {@link DropoutMask} on int32, which overflows as Java's.
   */
  private Tensor mask(long from, long count, float rate, long seed) {
    long key = DropoutMask.key(seed, from >>> 32);
    int low = (int) key;
    int high = (int) (key >>> 32);
    Tensor counter = torch.arange(new Scalar(count), device.options(ScalarType.Int));
    counter.mul_(new Scalar(DropoutMask.K1));
    counter.add_(new Scalar((int) from * DropoutMask.K1 + low));
    Tensor bits = mix(mix(counter).bitwise_xor_(new Scalar(high)));
    Tensor kept = torch.ge(shifted(bits, 8), new Scalar(DropoutMask.threshold(rate)));
    return kept.to(ScalarType.Float).mul_(new Scalar(1 / (1 - rate)));
  }

  /** {@code DropoutMask.mix}, line by line, in place. */
  private static Tensor mix(Tensor h) {
    h.bitwise_xor_(shifted(h, 16)).mul_(new Scalar(DropoutMask.K2));
    h.bitwise_xor_(shifted(h, 13)).mul_(new Scalar(DropoutMask.K3));
    return h.bitwise_xor_(shifted(h, 16));
  }

  /** {@code h >>> bits}: libtorch's shift keeps the sign, so the bits that came in are cleared. */
  private static Tensor shifted(Tensor h, int bits) {
    return h.bitwise_right_shift(new Scalar(bits)).bitwise_and_(new Scalar(-1 >>> bits));
  }
}
