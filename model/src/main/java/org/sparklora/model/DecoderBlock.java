package org.sparklora.model;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.GroupedQueryAttention;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.SwiGlu;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * One layer of the decoder: {@code mid = x + attention(norm(x))}, {@code y = mid +
 * feedForward(norm(mid))}.
 */
record DecoderBlock(
    RmsNorm attentionNorm,
    GroupedQueryAttention attention,
    RmsNorm feedForwardNorm,
    SwiGlu feedForward) {

  /**
   * The activations of one block that backward needs besides the block's input; the normed inputs
   * are cheap and computed again.
   *
   * @param mid {@code (N, C)}
   * @param attentionRstd and feedForwardRstd {@code (N)}
   */
  record Saved(
      Tensor attentionRstd,
      GroupedQueryAttention.Saved attention,
      Tensor mid,
      Tensor feedForwardRstd,
      SwiGlu.Saved feedForward) {}

  /**
   * Overwrites y {@code (N, C)}; x {@code (N, C)} must be kept for {@link #backward}. Without a
   * backward, x, mid and y may be one tensor, to which the block then adds.
   */
  void forward(Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor y) {
    Tensor normed = forwardToFeedForward(workspace, places, x, saved);
    copy(workspace.engine(), saved.mid, y);
    feedForward.forward(workspace, normed, saved.feedForward, y);
    workspace.giveBack(Buffer.NORMED);
  }

  /** Fills {@code saved} for {@link #backward} with the same bits as forward. */
  void recompute(Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Tensor normed = forwardToFeedForward(workspace, places, x, saved);
    feedForward.recompute(workspace, normed, saved.feedForward);
    workspace.giveBack(Buffer.NORMED);
  }

  /** Computes all but the feed-forward layer; returns its input {@code (N, C)}. */
  private Tensor forwardToFeedForward(
      Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Engine engine = workspace.engine();
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    attentionNorm.forward(engine, x, normed, saved.attentionRstd);
    copy(engine, x, saved.mid);
    attention.forward(workspace, places, normed, saved.attention, saved.mid);
    feedForwardNorm.forward(engine, saved.mid, normed, saved.feedForwardRstd);
    return normed;
  }

  private static void copy(Engine engine, Tensor from, Tensor to) {
    if (from != to) {
      engine.copy(from, to);
    }
  }

  /**
   * Turns {@code dStream} {@code (N, C)} from the gradient of the block's result into the gradient
   * of its input: residual connections pass the gradient on, attention and feed-forward add theirs.
   */
  void backward(Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor dStream) {
    Engine engine = workspace.engine();
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    feedForwardNorm.again(engine, saved.mid, normed, saved.feedForwardRstd);
    Tensor dNormed = workspace.lend(Buffer.D_NORMED, x.shape());
    feedForward.backward(workspace, normed, saved.feedForward, dStream, dNormed);
    // forward: y = mid + feedForward(norm(mid))
    feedForwardNorm.backward(engine, saved.mid, saved.feedForwardRstd, dNormed, dStream);

    attentionNorm.again(engine, x, normed, saved.attentionRstd);
    attention.backward(workspace, places, normed, saved.attention, dStream, dNormed);
    // forward: mid = x + attention(norm(x))
    attentionNorm.backward(engine, x, saved.attentionRstd, dNormed, dStream);
    workspace.giveBack(Buffer.NORMED, Buffer.D_NORMED);
  }
}
