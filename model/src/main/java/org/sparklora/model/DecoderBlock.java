package org.sparklora.model;

import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.GatedFeedForward;
import org.sparklora.model.layer.GroupedQueryAttention;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * One layer of the decoder: {@code mid = x + after(attention(before(x)))}, {@code y = mid +
 * after(feedForward(before(mid)))}, with norms where the family has them.
 */
record DecoderBlock(
    Norms attentionNorms,
    GroupedQueryAttention attention,
    Norms feedForwardNorms,
    GatedFeedForward feedForward) {

  /** The norms before and after a sublayer. */
  record Norms(Optional<RmsNorm> before, Optional<RmsNorm> after) {}

  /**
   * The activations of one block that backward needs besides the block's input; the normed inputs
   * are cheap and computed again.
   *
   * @param mid {@code (N, C)}
   */
  record Saved(
      SavedNorms attentionNorms,
      GroupedQueryAttention.Saved attention,
      Tensor mid,
      SavedNorms feedForwardNorms,
      GatedFeedForward.Saved feedForward) {}

  /**
   * What a sublayer's norms keep.
   *
   * @param rstd of the norm before, {@code (N)}
   * @param out the input of the norm after, {@code (N, C)}, or without columns
   * @param outRstd of the norm after, {@code (N)}, or without columns
   */
  record SavedNorms(Tensor rstd, Tensor out, Tensor outRstd) {}

  /**
   * Overwrites y {@code (N, C)}; x {@code (N, C)} must be kept for {@link #backward}. Without a
   * backward, x, mid and y may be one tensor, to which the block then adds.
   */
  void forward(Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Tensor y) {
    Tensor in = forwardToFeedForward(workspace, places, x, saved);
    copy(workspace.engine(), saved.mid, y);
    SavedNorms norms = saved.feedForwardNorms;
    Tensor sum = begin(workspace, feedForwardNorms, norms, y);
    feedForward.forward(workspace, in, saved.feedForward, sum);
    end(workspace, feedForwardNorms, norms, y);
    workspace.giveBack(Buffer.NORMED);
  }

  /** Fills {@code saved} for {@link #backward} with the same bits as forward. */
  void recompute(Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Tensor in = forwardToFeedForward(workspace, places, x, saved);
    if (feedForwardNorms.after.isEmpty()) {
      feedForward.recompute(workspace, in, saved.feedForward);
    } else {
      Tensor out = begin(workspace, feedForwardNorms, saved.feedForwardNorms, saved.mid);
      feedForward.forward(workspace, in, saved.feedForward, out);
      Tensor unused = workspace.lendActivation(Buffer.SUBLAYER, out.shape());
      RmsNorm after = feedForwardNorms.after.get();
      after.forward(workspace.engine(), out, unused, saved.feedForwardNorms.outRstd);
      workspace.giveBack(Buffer.SUBLAYER);
    }
    workspace.giveBack(Buffer.NORMED);
  }

  /** Computes all but the feed-forward layer; returns its input {@code (N, C)}. */
  private Tensor forwardToFeedForward(
      Workspace workspace, TokenPlaces places, Tensor x, Saved saved) {
    Engine engine = workspace.engine();
    SavedNorms norms = saved.attentionNorms;
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    Tensor in = before(engine, attentionNorms, x, normed, norms);
    copy(engine, x, saved.mid);
    Tensor sum = begin(workspace, attentionNorms, norms, saved.mid);
    attention.forward(workspace, places, in, saved.attention, sum);
    end(workspace, attentionNorms, norms, saved.mid);
    return before(engine, feedForwardNorms, saved.mid, normed, saved.feedForwardNorms);
  }

  /** The input of a sublayer: {@code normed}, overwritten, or x itself. */
  private static Tensor before(
      Engine engine, Norms norms, Tensor x, Tensor normed, SavedNorms saved) {
    norms.before.ifPresent(norm -> norm.forward(engine, x, normed, saved.rstd));
    return norms.before.isPresent() ? normed : x;
  }

  /** The tensor that a sublayer adds its result to: the residual stream, unless a norm follows. */
  private static Tensor begin(Workspace workspace, Norms norms, SavedNorms saved, Tensor residual) {
    if (norms.after.isEmpty()) {
      return residual;
    }
    workspace.engine().fill(saved.out, 0);
    return saved.out;
  }

  /** {@code residual += after(out)}, if a norm follows. */
  private static void end(Workspace workspace, Norms norms, SavedNorms saved, Tensor residual) {
    if (norms.after.isPresent()) {
      Tensor normed = workspace.lendActivation(Buffer.SUBLAYER, residual.shape());
      norms.after.get().forward(workspace.engine(), saved.out, normed, saved.outRstd);
      workspace.engine().addScaled(normed, 1, residual);
      workspace.giveBack(Buffer.SUBLAYER);
    }
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
    Tensor dNormed = workspace.lend(Buffer.D_NORMED, x.shape());
    // forward: y = mid + after(feedForward(before(mid)))
    Tensor in = again(workspace, feedForwardNorms, saved.mid, saved.feedForwardNorms);
    Tensor dOut = throughAfter(workspace, feedForwardNorms, saved.feedForwardNorms, dStream);
    feedForward.backward(workspace, in, saved.feedForward, dOut, dNormed);
    throughBefore(workspace, feedForwardNorms, saved.mid, saved.feedForwardNorms, dNormed, dStream);
    // forward: mid = x + after(attention(before(x)))
    in = again(workspace, attentionNorms, x, saved.attentionNorms);
    dOut = throughAfter(workspace, attentionNorms, saved.attentionNorms, dStream);
    attention.backward(workspace, places, in, saved.attention, dOut, dNormed);
    throughBefore(workspace, attentionNorms, x, saved.attentionNorms, dNormed, dStream);
    workspace.giveBack(Buffer.D_NORMED);
  }

  /** The input of a sublayer, computed once more. */
  private static Tensor again(Workspace workspace, Norms norms, Tensor x, SavedNorms saved) {
    if (norms.before.isEmpty()) {
      return x;
    }
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    norms.before.get().again(workspace.engine(), x, normed, saved.rstd);
    return normed;
  }

  /** The gradient of a sublayer's result. */
  private static Tensor throughAfter(
      Workspace workspace, Norms norms, SavedNorms saved, Tensor dStream) {
    if (norms.after.isEmpty()) {
      return dStream;
    }
    Tensor dOut = workspace.lendZeros(Buffer.D_SUBLAYER, dStream.shape());
    norms.after.get().backward(workspace.engine(), saved.out, saved.outRstd, dStream, dOut);
    return dOut;
  }

  /** Adds the gradient of a sublayer's input to that of the stream. */
  private static void throughBefore(
      Workspace workspace,
      Norms norms,
      Tensor x,
      SavedNorms saved,
      Tensor dNormed,
      Tensor dStream) {
    Engine engine = workspace.engine();
    if (norms.before.isPresent()) {
      norms.before.get().backward(engine, x, saved.rstd, dNormed, dStream);
    } else {
      engine.addScaled(dNormed, 1, dStream);
    }
    workspace.giveBack(Buffer.NORMED, Buffer.D_SUBLAYER);
  }
}
