package org.sparklora.train;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.StepResult;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.loss.CrossEntropyLoss;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.vector.FlatVector;

/**
 * The supervised part of an {@link ExecutorModel}: loss and gradient of packed rows.
 *
 * <p>Not thread-safe: {@link ExecutorModel} serialises its callers.
 *
 * @param memory the engine that holds copies of vectors
 * @param kind of the loss
 */
record CrossEntropyStep(AdapterStep step, Engine memory, DropoutSeed dropout, SupervisedLoss kind) {
  /**
   * Implements {@link ExecutorModel#begin}.
   *
   * @param requireWanted called before each micro-batch; throws if the run is over or interrupted
   */
  Arrival<StepMetrics> begin(
      StepRows rows,
      TrainingRows table,
      FlatVector parameters,
      FlatVector gradient,
      Runnable requireWanted) {
    long started = System.nanoTime();
    Tensor ofParameters = parameters.on(memory);
    Tensor ofGradient = gradient.changingOn(memory);
    CrossEntropyLoss loss = kind.of(rows.normalizer(), rows.ofStep());
    List<MicroBatch> batches = new ArrayList<>();
    List<Arrival<StepResult>> results = new ArrayList<>();
    for (int i = 0; i < rows.microBatches().size(); i++) {
      requireWanted.run();
      MicroBatch batch = table.microBatch(rows.microBatches().get(i));
      batches.add(batch);
      results.add(
          step.begin(
              ofParameters,
              batch.packed(),
              loss,
              dropout.of(rows.step(), rows.firstMicroBatch() + i),
              ofGradient));
    }
    return () -> {
      StepMetrics sum = metrics(rows, batches, results);
      ExecutorMeter.here().trained(sum.tokens(), System.nanoTime() - started);
      return sum;
    };
  }

  private StepMetrics metrics(
      StepRows rows, List<MicroBatch> batches, List<Arrival<StepResult>> results) {
    StepMetrics sum = StepMetrics.none(rows.step());
    for (int i = 0; i < results.size(); i++) {
      StepResult result = results.get(i).await();
      if (!Double.isFinite(result.loss())) {
        throw new NonFiniteLossException(
            "loss", result.loss(), rows.step() + 1, rows.firstMicroBatch() + i + 1);
      }
      sum = sum.plus(StepMetrics.of(rows.step(), result, batches.get(i), kind));
    }
    return sum;
  }

  /** Implements {@link ExecutorModel#evaluate(int[], TrainingRows, FlatVector)}. */
  StepMetrics evaluate(int[] numbers, TrainingRows table, FlatVector parameters) {
    MicroBatch batch = table.microBatch(numbers);
    CrossEntropyLoss loss = kind.of(batch.targetTokens(), 1);
    StepResult result = step.evaluate(parameters.on(memory), batch.packed(), loss);
    return StepMetrics.of(0, result, batch, kind);
  }
}
