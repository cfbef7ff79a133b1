package org.sparklora.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.StepResult;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.loss.PolicyTargets;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.vector.FlatVector;

/**
 * The reinforcement-learning part of an {@link ExecutorModel}: loss and gradient of completions
 * under the policy.
 *
 * <p>Not thread-safe: {@link ExecutorModel} serialises its callers.
 *
 * @param memory the engine that holds copies of vectors
 */
record PolicyStep(AdapterStep step, Engine memory, TrainedModel model) {
  /** The result of a batch without tokens. */
  private static final StepResult NOTHING = new StepResult(0, 0, TokenLogProbs.NONE, 0);

  /** Divides a micro-batch. With a loss of routers all tokens have a gradient. */
  PolicySplit split(PolicyMicroBatch micro) {
    return hasRouterLoss()
        ? PolicySplit.ofAllTokens(micro.rows())
        : PolicySplit.of(micro.rows(), micro.skipsFlatRows());
  }

  /**
   * Implements {@link ExecutorModel#gradient}.
   *
   * @param split of {@link #split}
   * @param gradient added to; of size 0 if no row has a gradient
   */
  PolicyGradient gradient(
      PolicyMicroBatch micro, PolicySplit split, FlatVector parameters, FlatVector gradient) {
    long started = System.nanoTime();
    Tensor ofParameters = parameters.on(memory);
    StepResult result =
        gradient.size() > 0
            ? learn(micro, split.trained(), ofParameters, gradient.changingOn(memory))
            : NOTHING;
    float[] logProbs = result.logProbs().logProbs();
    float[] entropies = result.logProbs().entropies();
    if (split.flat().packed().tokenCount() > 0) {
      TokenLogProbs flat =
          step.logProbs(ofParameters, split.flat().packed(), micro.loss().temperature());
      logProbs = split.merge(logProbs, flat.logProbs());
      entropies = split.merge(entropies, flat.entropies());
    }
    GrpoLoss whole = loss(micro, PolicyBatch.of(micro.rows()).targets());
    Map<String, Double> metrics = metrics(whole, logProbs, entropies, result.routerLoss());
    ExecutorMeter.here().trained(micro.tokens(), System.nanoTime() - started);
    return new PolicyGradient(result.loss(), metrics, logProbs, gradient);
  }

  private StepResult learn(
      PolicyMicroBatch micro, PolicyBatch batch, Tensor parameters, Tensor gradient) {
    StepResult result =
        step.lossAndGradient(
            parameters,
            batch.packed(),
            loss(micro, batch.targets()),
            model.dropoutSeed(micro.step(), micro.number()),
            gradient);
    if (!Double.isFinite(result.loss())) {
      throw new NonFiniteLossException("loss", result.loss(), micro.step() + 1, micro.number() + 1);
    }
    return result;
  }

  /** Implements {@link ExecutorModel#evaluate(PolicyMicroBatch, FlatVector)}. */
  PolicyGradient evaluate(PolicyMicroBatch micro, FlatVector parameters) {
    PolicyBatch batch =
        hasRouterLoss() ? PolicyBatch.ofAllTokens(micro.rows()) : PolicyBatch.of(micro.rows());
    GrpoLoss loss = loss(micro, batch.targets());
    StepResult result =
        batch.packed().tokenCount() > 0
            ? step.evaluate(parameters.on(memory), batch.packed(), loss)
            : NOTHING;
    float[] logProbs = result.logProbs().logProbs();
    return new PolicyGradient(
        result.loss(),
        metrics(loss, logProbs, result.logProbs().entropies(), result.routerLoss()),
        logProbs,
        new FlatVector(0));
  }

  private boolean hasRouterLoss() {
    return model.routerWeight() > 0;
  }

  /** The loss of a micro-batch; a step has the mean of its micro-batches' losses of routers. */
  private GrpoLoss loss(PolicyMicroBatch micro, PolicyTargets targets) {
    double weight = model.routerWeight() / micro.window().microBatches();
    return new GrpoLoss(micro.loss(), targets, micro.window(), weight);
  }

  /** TRL's metrics; without a weight the loss of routers is left out. */
  private Map<String, Double> metrics(
      GrpoLoss loss, float[] logProbs, float[] entropies, double ofRouters) {
    Map<String, Double> metrics = new LinkedHashMap<>(loss.metrics(logProbs, entropies));
    if (hasRouterLoss()) {
      metrics.put("aux_loss", ofRouters);
    }
    return metrics;
  }
}
