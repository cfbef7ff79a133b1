package org.sparklora.model.layer;

import java.util.List;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Routing;
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
   * The tensors of one forward that backward needs.
   *
   * @param logits {@code (N, E)}
   * @param rows of all experts: gate and up {@code (M, F)}
   * @param load of all routers of the pass
   */
  public record Saved(Tensor logits, Tensor uRouter, GatedFeedForward.Saved rows, RouterLoad load)
      implements FeedForward.Saved {}

  @Override
  public void forward(Workspace workspace, Tensor x, FeedForward.Saved kept, Tensor residual) {
    Saved saved = (Saved) kept;
    try (ExpertRows rows = route(workspace, x, saved)) {
      saved.load.add(rows.routing());
      Tensor weighted = weightedAfterGates(workspace, rows, x, saved.rows);
      Tensor y = workspace.lendActivation(Buffer.ROUTED, rows.count(), x.columns());
      rows.forEach(
          (e, from, to) -> {
            Tensor in = workspace.operand(Buffer.OPERAND, weighted.rows(from, to));
            Tensor u = saved.rows.uDown().rows(from, to);
            experts.get(e).down().forward(workspace, in, y.rows(from, to), u, false);
          });
      rows.addTo(workspace, y, residual);
      workspace.giveBack(Buffer.ROUTED, Buffer.GATED, Buffer.WEIGHTS);
    }
  }

  /** Computes the logits, and the experts that they choose. */
  private ExpertRows route(Workspace workspace, Tensor x, Saved saved) {
    Tensor in = workspace.operand(Buffer.OPERAND, x);
    router.forward(workspace, in, saved.logits, saved.uRouter, false);
    return ExpertRows.of(workspace.engine(), workspace.engine().route(saved.logits, rule));
  }

  /** Computes gates and ups; returns {@link #weighted}. */
  private Tensor weightedAfterGates(
      Workspace workspace, ExpertRows rows, Tensor x, GatedFeedForward.Saved saved) {
    Tensor in = rows.gather(workspace, x);
    rows.forEach(
        (e, from, to) -> {
          GatedFeedForward.Saved own = saved.rows(from, to);
          experts.get(e).project(workspace, in.rows(from, to), own);
        });
    workspace.giveBack(Buffer.ROUTED);
    return weighted(workspace, rows.weights(workspace), saved);
  }

  /** {@code weight · f(gate) · up}, {@code (M, F)}. */
  private Tensor weighted(Workspace workspace, Tensor weights, GatedFeedForward.Saved saved) {
    Tensor weighted = workspace.lendActivation(Buffer.GATED, saved.gate().shape());
    workspace.engine().gate(experts.get(0).f(), saved.gate(), saved.up(), weighted);
    workspace.engine().scaleRows(weighted, weights);
    return weighted;
  }

  @Override
  public void recompute(Workspace workspace, Tensor x, FeedForward.Saved kept) {
    Saved saved = (Saved) kept;
    try (ExpertRows rows = route(workspace, x, saved)) {
      Tensor weighted = weightedAfterGates(workspace, rows, x, saved.rows);
      rows.forEach(
          (e, from, to) -> {
            Tensor in = workspace.operand(Buffer.OPERAND, weighted.rows(from, to));
            experts.get(e).down().recompute(workspace, in, saved.rows.uDown().rows(from, to));
          });
      workspace.giveBack(Buffer.GATED, Buffer.WEIGHTS);
    }
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
      Tensor dRows = rows.gatherGradient(workspace, dResidual);
      rows.forEach( // forward: residual += Σ down(weighted)
          (e, from, to) -> {
            Tensor in = workspace.operand(Buffer.OPERAND, weighted.rows(from, to));
            Tensor u = saved.rows.uDown().rows(from, to);
            Tensor dIn = dWeighted.rows(from, to);
            experts.get(e).down().backward(workspace, in, u, dRows.rows(from, to), dIn, false);
          });
      // forward: weighted = weight · f(gate)·up
      GateFunction f = experts.get(0).f();
      engine.gate(f, saved.rows.gate(), saved.rows.up(), weighted);
      Tensor dWeights = workspace.lend(Buffer.D_WEIGHTS, rows.count());
      engine.dotRows(weighted, dWeighted, dWeights);
      engine.scaleRows(dWeighted, weights);
      engine.gateBackwardInPlace(f, saved.rows.gate(), saved.rows.up(), dWeighted);
      Tensor gathered = rows.gather(workspace, x);
      rows.forEach( // forward: gate, up = gate(x), up(x)
          (e, from, to) -> {
            GatedFeedForward.Saved own = saved.rows.rows(from, to);
            Tensor in = gathered.rows(from, to);
            experts.get(e).projectBackward(workspace, in, own, dRows.rows(from, to));
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
}
