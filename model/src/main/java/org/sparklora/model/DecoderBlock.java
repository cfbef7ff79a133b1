package org.sparklora.model;

import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.FeedForward;
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
    SublayerNorms attentionNorms,
    GroupedQueryAttention attention,
    SublayerNorms feedForwardNorms,
    FeedForward feedForward) {

  /**
   * The activations of one block that backward needs besides the block's input, {@code mid} {@code
   * (N, C)} among them; the normed inputs are cheap and computed again.
   */
  record Saved(
      SublayerNorms.Saved attentionNorms,
      GroupedQueryAttention.Saved attention,
      Tensor mid,
      SublayerNorms.Saved feedForwardNorms,
      FeedForward.Saved feedForward) {}

  /**
   * The norms of a sublayer, attention or feed-forward: {@code y = x + after(sublayer(before(x)))},
   * with one of them or both.
   */
  record SublayerNorms(Optional<RmsNorm> before, Optional<RmsNorm> after) {

    /**
     * The tensors that forward keeps for backward.
     *
     * @param rstd of the norm before, {@code (N)}
     * @param out the input of the norm after, {@code (N, C)}, or without columns
     * @param outRstd of the norm after, {@code (N)}, or without columns
     */
    record Saved(Tensor rstd, Tensor out, Tensor outRstd) {}

    /** {@code before(x)} in {@code normed}, or x itself without such a norm. */
    Tensor input(Workspace workspace, Tensor x, Tensor normed, Saved saved) {
      before.ifPresent(norm -> norm.forward(workspace.engine(), x, normed, saved.rstd));
      return before.isPresent() ? normed : x;
    }

    /** The tensor that the sublayer adds its result to: y, unless a norm follows. */
    Optional<Tensor> sum(Workspace workspace, Saved saved, Optional<Tensor> y) {
      after.ifPresent(norm -> workspace.engine().fill(saved.out, 0));
      return after.isPresent() ? Optional.of(saved.out) : y;
    }

    /** {@code y += after(out)}, if a norm follows; without y only the statistics of the norm. */
    void addTo(Workspace workspace, Saved saved, Optional<Tensor> y) {
      if (after.isPresent()) {
        Tensor normed = after.get().forward(workspace, saved.out, saved.outRstd, Buffer.SUBLAYER);
        y.ifPresent(sum -> workspace.engine().addScaled(normed, 1, sum));
        workspace.giveBack(Buffer.SUBLAYER);
      }
    }

    /** {@link #input} once more, for a backward; {@link #backward} gives its memory back. */
    Tensor inputAgain(Workspace workspace, Tensor x, Saved saved) {
      if (before.isEmpty()) {
        return x;
      }
      Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
      before.get().again(workspace.engine(), x, normed, saved.rstd);
      return normed;
    }

    /** The gradient of the sublayer's result, from that of y. */
    Tensor dSum(Workspace workspace, Saved saved, Tensor dY) {
      return after.isPresent()
          ? after.get().backward(workspace, saved.out, saved.outRstd, dY, Buffer.D_SUBLAYER)
          : dY;
    }

    /** Turns dY into dX: adds the gradient that comes through the sublayer's input. */
    void backward(Workspace workspace, Tensor x, Saved saved, Tensor dInput, Tensor dY) {
      if (before.isPresent()) {
        before.get().backward(workspace.engine(), x, saved.rstd, dInput, dY);
      } else {
        workspace.engine().addScaled(dInput, 1, dY);
      }
      workspace.giveBack(Buffer.NORMED, Buffer.D_SUBLAYER);
    }
  }

  /**
   * Computes y {@code (N, C)}; x {@code (N, C)} must be kept for {@link #backward}. Without a
   * backward, x, mid and y may be one tensor, to which the block then adds.
   *
   * @param y overwritten; empty if only {@code saved} is filled again, with the same bits
   */
  void forward(Workspace workspace, TokenPlaces places, Tensor x, Saved saved, Optional<Tensor> y) {
    Tensor normed = workspace.lendOperand(Buffer.NORMED, x.shape());
    Tensor in = attentionNorms.input(workspace, x, normed, saved.attentionNorms);
    copy(workspace.engine(), x, saved.mid);
    Optional<Tensor> mid = Optional.of(saved.mid);
    Tensor sum = attentionNorms.sum(workspace, saved.attentionNorms, mid).orElseThrow();
    attention.forward(workspace, places, in, saved.attention, sum);
    attentionNorms.addTo(workspace, saved.attentionNorms, mid);
    in = feedForwardNorms.input(workspace, saved.mid, normed, saved.feedForwardNorms);
    y.ifPresent(result -> copy(workspace.engine(), saved.mid, result));
    Optional<Tensor> out = feedForwardNorms.sum(workspace, saved.feedForwardNorms, y);
    feedForward.forward(workspace, in, saved.feedForward, out);
    feedForwardNorms.addTo(workspace, saved.feedForwardNorms, y);
    workspace.giveBack(Buffer.NORMED);
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
