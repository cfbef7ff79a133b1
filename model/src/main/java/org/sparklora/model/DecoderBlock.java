package org.sparklora.model;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.FeedForward;
import org.sparklora.model.layer.GroupedQueryAttention;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * One layer of the decoder: {@code mid = x + after(attention(before(x)))}, {@code y = mid +
 * after(feedForward(before(mid)))}, with norms where the family has them.
 */
record DecoderBlock(
    SublayerNorms attentionNorms,
    GroupedQueryAttention attention,
    SublayerNorms feedForwardNorms,
    FeedForward feedForward) {

  /**
   * The activations of one block that backward needs besides the block's input; the normed inputs
   * are cheap and computed again.
   *
   * @param mid {@code (N, C)}
   */
  record Saved(
      SublayerNorms.Saved attentionNorms,
      GroupedQueryAttention.Saved attention,
      Tensor mid,
      SublayerNorms.Saved feedForwardNorms,
      FeedForward.Saved feedForward) {}

  /**
   * Overwrites y {@code (N, C)}; x {@code (N, C)} must be kept for {@link #backward}. Without a
   * backward, x, mid and y may be one tensor, to which the block then adds.
   */
  void forward(Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor y) {
    Tensor in = forwardToFeedForward(workspace, places, x, saved);
    copy(workspace.engine(), saved.mid, y);
    Tensor sum = feedForwardNorms.sum(workspace, saved.feedForwardNorms, y);
    feedForward.forward(workspace, in, saved.feedForward, sum);
    feedForwardNorms.addTo(workspace, saved.feedForwardNorms, y);
    workspace.giveBack(Buffer.NORMED);
  }

  /** Fills {@code saved} for {@link #backward} with the same bits as forward. */
  void recompute(Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Tensor in = forwardToFeedForward(workspace, places, x, saved);
    Tensor sum = feedForwardNorms.sum(workspace, saved.feedForwardNorms, saved.mid);
    if (sum == saved.mid) {
      feedForward.recompute(workspace, in, saved.feedForward);
    } else { // the norm that follows needs the result
      feedForward.forward(workspace, in, saved.feedForward, sum);
    }
    feedForwardNorms.recompute(workspace, saved.feedForwardNorms);
    workspace.giveBack(Buffer.NORMED);
  }

  /** Computes all but the feed-forward layer; returns its input {@code (N, C)}. */
  private Tensor forwardToFeedForward(
      Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    Tensor in = attentionNorms.input(workspace, x, normed, saved.attentionNorms);
    copy(workspace.engine(), x, saved.mid);
    Tensor sum = attentionNorms.sum(workspace, saved.attentionNorms, saved.mid);
    attention.forward(workspace, places, in, saved.attention, sum);
    attentionNorms.addTo(workspace, saved.attentionNorms, saved.mid);
    return feedForwardNorms.input(workspace, saved.mid, normed, saved.feedForwardNorms);
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
    Tensor dIn = workspace.lend(Buffer.D_NORMED, x.shape());
    // forward: y = mid + after(feedForward(before(mid)))
    Tensor in = feedForwardNorms.inputAgain(workspace, saved.mid, saved.feedForwardNorms);
    Tensor dSum = feedForwardNorms.dSum(workspace, saved.feedForwardNorms, dStream);
    feedForward.backward(workspace, in, saved.feedForward, dSum, dIn);
    feedForwardNorms.backward(workspace, saved.mid, saved.feedForwardNorms, dIn, dStream);
    // forward: mid = x + after(attention(before(x)))
    in = attentionNorms.inputAgain(workspace, x, saved.attentionNorms);
    dSum = attentionNorms.dSum(workspace, saved.attentionNorms, dStream);
    attention.backward(workspace, places, in, saved.attention, dSum, dIn);
    attentionNorms.backward(workspace, x, saved.attentionNorms, dIn, dStream);
    workspace.giveBack(Buffer.D_NORMED);
  }
}
