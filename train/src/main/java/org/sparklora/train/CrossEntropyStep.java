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
 */
record CrossEntropyStep(AdapterStep step, Engine memory, TrainedModel model) {
  /** Implements {@link ExecutorModel#begin}; {@code requireWanted} throws to stop the step. */
  Arrival<StepMetrics> begin(
      StepRows rows,
      TrainingRows table,
      FlatVector parameters,
      FlatVector gradient,
      Runnable requireWanted) {
    long started = System.nanoTime();
    Tensor ofParameters = parameters.on(memory);
    Tensor ofGradient = gradient.changingOn(memory);
    CrossEntropyLoss loss = model.supervised().of(rows.normalizer(), rows.ofStep());
    List<Arrival<StepMetrics>> measured = new ArrayList<>();
    for (int i = 0; i < rows.microBatches().size(); i++) {
      requireWanted.run();
      MicroBatch batch = table.microBatch(rows.microBatches().get(i));
      int number = rows.firstMicroBatch() + i;
      long seed = model.dropoutSeed(rows.step(), number);
      Arrival<StepResult> result = step.begin(ofParameters, batch.packed(), loss, seed, ofGradient);
      measured.add(() -> metrics(rows.step(), number, batch, result.await()));
    }
    return () -> {
      StepMetrics sum = StepMetrics.none(rows.step());
      for (Arrival<StepMetrics> one : measured) {
        sum = sum.plus(one.await());
      }
      ExecutorMeter.here().trained(sum.tokens(), System.nanoTime() - started);
      return sum;
    };
  }

  private StepMetrics metrics(int step, int number, MicroBatch batch, StepResult result) {
    if (!Double.isFinite(result.loss())) {
      throw new NonFiniteLossException("loss", result.loss(), step + 1, number + 1);
    }
    return StepMetrics.of(step, result, batch, model.supervised());
  }

  /** Implements {@link ExecutorModel#evaluate(int[], TrainingRows, FlatVector)}. */
  StepMetrics evaluate(int[] numbers, TrainingRows table, FlatVector parameters) {
    MicroBatch batch = table.microBatch(numbers);
    CrossEntropyLoss loss = model.supervised().of(table.targetTokens(List.of(numbers)), 1);
    StepResult result = step.evaluate(parameters.on(memory), batch.packed(), loss);
    return StepMetrics.of(0, result, batch, model.supervised());
  }
}
