package org.sparklora.train;

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
record PolicyStep(AdapterStep step, Engine memory, DropoutSeed dropout) {
  /**
   * Implements {@link ExecutorModel#gradient}.
   *
   * @param split the micro-batch's rows, with and without a gradient
   * @param gradient added to; of size 0 if no row has a gradient
   */
  PolicyGradient gradient(
      PolicyMicroBatch micro, PolicySplit split, FlatVector parameters, FlatVector gradient) {
    long started = System.nanoTime();
    double loss = 0;
    float[] logProbs = {};
    float[] entropies = {};
    Tensor ofParameters = parameters.on(memory);
    if (gradient.size() > 0) {
      StepResult result = learn(micro, split.trained(), ofParameters, gradient.changingOn(memory));
      loss = result.loss();
      logProbs = result.logProbs().logProbs();
      entropies = result.logProbs().entropies();
    }
    if (split.flat().packed().tokenCount() > 0) {
      TokenLogProbs flat =
          step.logProbs(ofParameters, split.flat().packed(), micro.loss().temperature());
      logProbs = split.merge(logProbs, flat.logProbs());
      entropies = split.merge(entropies, flat.entropies());
    }
    PolicyTargets targets = PolicyBatch.of(micro.rows()).targets();
    GrpoLoss whole = new GrpoLoss(micro.loss(), targets, micro.window());
    ExecutorMeter.here().trained(micro.tokens(), System.nanoTime() - started);
    return new PolicyGradient(loss, whole.metrics(logProbs, entropies), logProbs, gradient);
  }

  private StepResult learn(
      PolicyMicroBatch micro, PolicyBatch batch, Tensor parameters, Tensor gradient) {
    StepResult result =
        step.lossAndGradient(
            parameters,
            batch.packed(),
            new GrpoLoss(micro.loss(), batch.targets(), micro.window()),
            dropout.of(micro.step(), micro.number()),
            gradient);
    if (!Double.isFinite(result.loss())) {
      throw new NonFiniteLossException("loss", result.loss(), micro.step() + 1, micro.number() + 1);
    }
    return result;
  }

  /** Implements {@link ExecutorModel#evaluate(PolicyMicroBatch, FlatVector)}. */
  PolicyGradient evaluate(PolicyMicroBatch micro, FlatVector parameters) {
    PolicyBatch batch = PolicyBatch.of(micro.rows());
    float[] logProbs = {};
    float[] entropies = {};
    if (batch.packed().tokenCount() > 0) {
      TokenLogProbs policy =
          step.logProbs(parameters.on(memory), batch.packed(), micro.loss().temperature());
      logProbs = policy.logProbs();
      entropies = policy.entropies();
    }
    GrpoLoss loss = new GrpoLoss(micro.loss(), batch.targets(), micro.window());
    return new PolicyGradient(
        loss.lossAndGradient(0, logProbs, entropies, new float[logProbs.length]),
        loss.metrics(logProbs, entropies),
        logProbs,
        new FlatVector(0));
  }
}
