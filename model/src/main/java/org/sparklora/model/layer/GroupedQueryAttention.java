package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * Causal self-attention in which several query heads share a key/value head (Ainslie et al., 2023):
 * {@code softmax(scale·q·kᵀ)·v} of each document, between the projections q, k, v and o.
 *
 * @param layer the number of the block, and of the cache that it writes and reads
 * @param kind window and rotation
 */
public record GroupedQueryAttention(
    int layer, Projections projections, DecoderConfig.Attention shape, DecoderConfig.Layer kind) {

  public record Projections(HeadLinear query, HeadLinear key, Linear value, Linear output) {}

  /**
   * The projection to query or key heads, and the norm of each head, or of all together, before the
   * rotation, if the model has one.
   */
  public record HeadLinear(Linear linear, Optional<RmsNorm> norm) {

    /** The heads after the norm, before the rotation. */
    private Tensor normed(Workspace workspace, Tensor raw, Tensor rstd, Buffer slot) {
      return norm.isPresent() ? norm.get().forward(workspace, raw, rstd, slot) : raw;
    }

    /** Turns the gradient of the result of {@link #normed} into that of its input. */
    private Tensor throughNorm(
        Workspace workspace, Tensor raw, Tensor rstd, Tensor dNormed, Buffer slot) {
      return norm.isPresent() ? norm.get().backward(workspace, raw, rstd, dNormed, slot) : dNormed;
    }
  }

  /**
   * The tensors of one forward that backward needs.
   *
   * @param q {@code (N, H·D)}, the rotated queries; with head norms the queries before norm and
   *     rotation
   * @param k {@code (N, K·D)}, the keys, rotated or not as q is
   * @param v {@code (N, K·D)}
   * @param y the attention's result, {@code (N, H·D)}
   * @param logSumExp {@code (N, H)}
   */
  public record Saved(Tensor q, Tensor k, Tensor v, Tensor y, Tensor logSumExp, Inner inner) {}

  /**
   * The tensors that norms and projections keep for backward.
   *
   * @param queryRstd {@code (N·H)}, or {@code (N)} of a norm of all heads together; empty without
   *     head norms
   * @param keyRstd {@code (N·K)} or {@code (N)}; empty without head norms
   * @param uQuery like uKey, uValue and uOutput {@code (N, R)}; empty without an adapter
   */
  public record Inner(
      Tensor queryRstd,
      Tensor keyRstd,
      Tensor uQuery,
      Tensor uKey,
      Tensor uValue,
      Tensor uOutput) {}

  /** {@code residual += o(attention(q(x), k(x), v(x)))}, with x and residual {@code (N, C)}. */
  public void forward(
      Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor residual) {
    Engine engine = workspace.engine();
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    projections.query.linear.forward(workspace, in, saved.q, saved.inner.uQuery, false);
    projections.key.linear.forward(workspace, in, saved.k, saved.inner.uKey, false);
    projections.value.forward(workspace, in, saved.v, saved.inner.uValue, false);
    Tensor q = projections.query.normed(workspace, saved.q, saved.inner.queryRstd, Buffer.QUERY);
    Tensor k = projections.key.normed(workspace, saved.k, saved.inner.keyRstd, Buffer.KEY);
    rotate(engine, places, q, k, false);
    KeyValues seen = places.cache().keep(layer, kind.window(), new KeyValues(k, saved.v));
    AttentionMask mask = places.masks().apply(kind.window());
    engine.attention(tensors(q, seen, saved), shape.heads(), mask, shape.scale());
    projections.output.forward(workspace, saved.y, residual, saved.inner.uOutput, true);
    workspace.giveBack(Buffer.QUERY, Buffer.KEY);
  }

  private static AttentionTensors tensors(Tensor q, KeyValues seen, Saved saved) {
    return new AttentionTensors(q, seen.keys(), seen.values(), saved.y, saved.logSumExp);
  }

  /** Overwrites dX; dResidual is the gradient of forward's {@code residual}. */
  public void backward(
      Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor dResidual, Tensor dX) {
    Engine engine = workspace.engine();
    Tensor dY = workspace.lend(Buffer.D_ATTENTION, saved.y.shape());
    projections.output.backward( // forward: residual += o(y)
        workspace, saved.y, saved.inner.uOutput, dResidual, dY, false);

    HeadLinear query = projections.query;
    HeadLinear key = projections.key;
    Inner inner = saved.inner;
    Tensor q = query.normed(workspace, saved.q, inner.queryRstd, Buffer.QUERY);
    Tensor k = key.normed(workspace, saved.k, inner.keyRstd, Buffer.KEY);
    if (q != saved.q) { // else saved q and k were rotated in place
      rotate(engine, places, q, k, false);
    }
    Tensor dQ = workspace.lendZeros(Buffer.D_QUERY, saved.q.shape());
    Tensor dK = workspace.lendZeros(Buffer.D_KEY, saved.k.shape());
    Tensor dV = workspace.lendZeros(Buffer.D_VALUE, saved.v.shape());
    AttentionTensors tensors = tensors(q, new KeyValues(k, saved.v), saved);
    Gradients gradients = new Gradients(dY, dQ, dK, dV);
    AttentionMask mask = places.masks().apply(kind.window());
    engine.attentionBackward(tensors, gradients, shape.heads(), mask, shape.scale());
    rotate(engine, places, dQ, dK, true); // forward: q, k = rotate(norm(q)), rotate(norm(k))
    dQ = query.throughNorm(workspace, saved.q, inner.queryRstd, dQ, Buffer.D_RAW_QUERY);
    dK = key.throughNorm(workspace, saved.k, inner.keyRstd, dK, Buffer.D_RAW_KEY);
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    query.linear.backward(workspace, in, inner.uQuery, dQ, dX, false); // forward: q = query(x)
    key.linear.backward(workspace, in, inner.uKey, dK, dX, true);
    projections.value.backward(workspace, in, inner.uValue, dV, dX, true);
    workspace.giveBack(Buffer.QUERY, Buffer.KEY, Buffer.D_ATTENTION, Buffer.D_QUERY, Buffer.D_KEY);
    workspace.giveBack(Buffer.D_VALUE, Buffer.D_RAW_QUERY, Buffer.D_RAW_KEY);
  }

  private void rotate(Engine engine, TokenPlaces places, Tensor q, Tensor k, boolean inverse) {
    if (kind.rope().isPresent()) {
      RotaryEmbedding.Angles angles = places.rotary().angles().get(kind.rope().get());
      int size = shape.heads().size();
      for (Tensor x : new Tensor[] {q, k}) {
        engine.rotate(x, size, angles.cos(), angles.sin(), places.positions(), inverse);
      }
    }
  }
}
