package org.sparklora.model.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Routing;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * A mixture of experts (Shazeer et al., 2017): {@code Σ weight · expert(x)} over the experts that
 * the router's logits choose for a token. The tokens of an expert are gathered, multiplied together
 * and added to their places: M = N·k rows, see {@link Routing}.
 *
 * <p>The weight multiplies the input of the expert's {@code down}, which is linear and has no bias:
 * so backward needs the result of {@code down} nowhere.
 *
 * @param router logits of the E experts
 * @param experts all with the same f and sizes, without dropout
 */
public record RoutedFeedForward(Linear router, List<GatedFeedForward> experts, Routing.Rule rule)
    implements FeedForward {

  /**
   * The tensors of one forward that backward needs: logits {@code (N, E)}, the rows of all experts,
   * with gate and up {@code (M, F)}, and the load of all routers of the pass.
   */
  public record Saved(Tensor logits, Tensor uRouter, GatedFeedForward.Saved rows, RouterLoad load)
      implements FeedForward.Saved {}

  /** Computes the rows {@code [from, to)} of an expert. */
  private interface Part {
    void run(GatedFeedForward expert, int from, int to);
  }

  /** Runs the part of each expert that some token chose. */
  private void forEach(Routing routing, Part part) {
    int[] starts = routing.starts();
    for (int e = 0; e < experts.size(); e++) {
      if (starts[e] < starts[e + 1]) {
        part.run(experts.get(e), starts[e], starts[e + 1]);
      }
    }
  }

  @Override
  public void forward(
      Workspace workspace, Tensor x, FeedForward.Saved kept, Optional<Tensor> residual) {
    Saved saved = (Saved) kept;
    Engine engine = workspace.engine();
    Tensor routed = workspace.operand(Buffer.OPERAND, x);
    router.forward(workspace, routed, saved.logits, saved.uRouter, false);
    Routing routing = engine.route(saved.logits, rule);
    try (ExpertRows rows = ExpertRows.of(engine, routing)) {
      Tensor gathered = rows.gather(workspace, x, Buffer.ROUTED, engine.activationType());
      forEach(
          routing,
          (expert, from, to) ->
              expert.project(workspace, gathered.rows(from, to), saved.rows.rows(from, to)));
      workspace.giveBack(Buffer.ROUTED);
      Tensor weighted = weighted(workspace, rows.weights(workspace), saved.rows);
      Optional<Tensor> y =
          residual.map(sum -> workspace.lendActivation(Buffer.ROUTED, rows.count(), x.columns()));
      forEach(
          routing,
          (expert, from, to) -> {
            Tensor in = workspace.operand(Buffer.OPERAND, weighted.rows(from, to));
            Tensor u = saved.rows.uDown().rows(from, to);
            if (y.isPresent()) {
              expert.down().forward(workspace, in, y.get().rows(from, to), u, false);
            } else {
              expert.down().recompute(workspace, in, u);
            }
          });
      if (y.isPresent()) {
        saved.load.add(routing);
        rows.addTo(workspace, y.get(), residual.get());
      }
      workspace.giveBack(Buffer.ROUTED, Buffer.GATED, Buffer.WEIGHTS);
    }
  }

  /** {@code weight · f(gate) · up}, {@code (M, F)}. */
  private Tensor weighted(Workspace workspace, Tensor weights, GatedFeedForward.Saved saved) {
    Tensor weighted = workspace.lendActivation(Buffer.GATED, saved.gate().shape());
    workspace.engine().gate(experts.get(0).f(), saved.gate(), saved.up(), weighted);
    workspace.engine().scaleRows(weighted, weights);
    return weighted;
  }

  @Override
  public void backward(
      Workspace workspace, Tensor x, FeedForward.Saved kept, Tensor dResidual, Tensor dX) {
    Saved saved = (Saved) kept;
    Engine engine = workspace.engine();
    Routing routing = engine.route(saved.logits, rule);
    try (ExpertRows rows = ExpertRows.of(engine, routing)) {
      Tensor weights = rows.weights(workspace);
      Tensor weighted = weighted(workspace, weights, saved.rows);
      Tensor dWeighted = workspace.lend(Buffer.D_GATED, weighted.shape());
      Tensor dRows = rows.gather(workspace, dResidual, Buffer.D_ROUTED, DType.FLOAT32);
      forEach( // forward: residual += Σ down(weighted)
          routing,
          (expert, from, to) -> {
            Tensor in = workspace.operand(Buffer.OPERAND, weighted.rows(from, to));
            Tensor u = saved.rows.uDown().rows(from, to);
            Tensor dIn = dWeighted.rows(from, to);
            expert.down().backward(workspace, in, u, dRows.rows(from, to), dIn, false);
          });
      // forward: weighted = weight · f(gate)·up
      GateFunction f = experts.get(0).f();
      engine.gate(f, saved.rows.gate(), saved.rows.up(), weighted);
      Tensor dWeights = workspace.lend(Buffer.D_WEIGHTS, rows.count());
      engine.dotRows(weighted, dWeighted, dWeights);
      engine.scaleRows(dWeighted, weights);
      engine.gateBackwardInPlace(f, saved.rows.gate(), saved.rows.up(), dWeighted);
      Tensor gathered = rows.gather(workspace, x, Buffer.ROUTED, engine.activationType());
      forEach( // forward: gate, up = gate(x), up(x)
          routing,
          (expert, from, to) -> {
            Tensor in = gathered.rows(from, to);
            GatedFeedForward.Saved own = saved.rows.rows(from, to);
            expert.projectBackward(workspace, in, own, dRows.rows(from, to));
          });
      // forward: logits = router(x), which give the weights
      Tensor dLogits = workspace.lend(Buffer.D_ROUTER, saved.logits.shape());
      double[] dEach = saved.load.gradient();
      engine.routeBackward(routing, saved.logits, dWeights.toArray(), dEach, dLogits);
      Tensor in = workspace.operand(Buffer.OPERAND, x);
      router.backward(workspace, in, saved.uRouter, dLogits, dX, false);
      rows.addTo(workspace, dRows, dX);
      workspace.giveBack(Buffer.GATED, Buffer.D_GATED, Buffer.WEIGHTS, Buffer.D_WEIGHTS);
      workspace.giveBack(Buffer.ROUTED, Buffer.D_ROUTED, Buffer.D_ROUTER);
    }
  }

  /**
   * The rows of a {@link Routing} in an engine's memory.
   *
   * @param tokens the token of each row, {@code (M)}
   * @param places for each of the k experts of a token its row, k times {@code (N)}
   */
  record ExpertRows(Routing routing, Indices tokens, List<Indices> places)
      implements AutoCloseable {

    static ExpertRows of(Engine engine, Routing routing) {
      int active = routing.rule().active();
      int[] rows = routing.rows();
      int[][] places = new int[active][rows.length / active];
      for (int row = 0; row < rows.length; row++) {
        places[rows[row] % active][rows[row] / active] = row;
      }
      List<Indices> made = new ArrayList<>();
      try {
        for (int[] place : places) {
          made.add(engine.indices(place));
        }
        return new ExpertRows(
            routing, engine.indices(Arrays.stream(rows).map(row -> row / active).toArray()), made);
      } catch (Throwable e) { // OutOfMemoryError is a likely one
        made.forEach(Indices::close);
        throw e;
      }
    }

    /** M. */
    int count() {
      return tokens.count();
    }

    /** Lends the rows of x {@code (N, C)}. */
    Tensor gather(Workspace workspace, Tensor x, Buffer buffer, DType type) {
      Tensor rows = workspace.lend(buffer, type, count(), x.columns());
      workspace.engine().embed(x, tokens, rows); // row m = x[tokens[m]]
      return rows;
    }

    /** {@code y[n] += Σ rows of n}, with rows {@code (M, C)} and y {@code (N, C)}. */
    void addTo(Workspace workspace, Tensor rows, Tensor y) {
      Tensor part = workspace.lend(Buffer.EXPERT, rows.dtype(), y.shape());
      for (Indices place : places) {
        workspace.engine().embed(rows, place, part);
        workspace.engine().addScaled(part, 1, y);
      }
      workspace.giveBack(Buffer.EXPERT);
    }

    /** The weight of each row, {@code (M)}, until {@link Buffer#WEIGHTS} is given back. */
    Tensor weights(Workspace workspace) {
      float[] weights = new float[count()];
      for (int row = 0; row < weights.length; row++) {
        weights[row] = routing.weights()[routing.rows()[row]];
      }
      Tensor factors = workspace.lend(Buffer.WEIGHTS, weights.length);
      factors.write(0, weights, 0, weights.length);
      return factors;
    }

    @Override
    public void close() {
      tokens.close();
      places.forEach(Indices::close);
    }
  }
}
