package org.sparklora.train.step;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/**
 * The vectors that training changes: parameters {@code (P)}, a step's gradient {@code (P)}, AdamW's
 * moments {@code (2·P)}, all float32. The caller owns their memory; an engine clips, updates,
 * decays and subtracts in one pass. A device keeps the vectors from step to step; they are copied
 * to the caller's memory when the host reads them.
 *
 * <p>One instance per set of parameters. Not thread-safe.
 */
public final class TrainedVectors implements AutoCloseable {
  private final TrainedModel model;
  private final StepRule rule;
  private final FlatVector parameters;
  private final FlatVector moments; // all first moments, then all second moments
  private final FlatVector gradient;
  private boolean isCleared = true; // whether the gradient is zeros; each completed step clears it

  /** The {@code gradient} must be all zeros. */
  public TrainedVectors(
      TrainedModel model,
      StepRule rule,
      FlatVector parameters,
      FlatVector moments,
      FlatVector gradient) {
    this.model = model;
    this.rule = rule;
    this.parameters = parameters;
    this.moments = moments;
    this.gradient = gradient;
  }

  static TrainedVectors zeros(TrainedModel model, StepRule rule) {
    long size = model.layout().size();
    return new TrainedVectors(
        model, rule, new FlatVector(size), new FlatVector(2 * size), new FlatVector(size));
  }

  public TrainedModel model() {
    return model;
  }

  StepRule rule() {
    return rule;
  }

  public long size() {
    return parameters.size();
  }

  /** The parameters for reading, in host memory or on a device. */
  public FlatVector vector() {
    return parameters;
  }

  /**
   * The memory of the parameters, {@code (P)}; writing to it changes them. Valid until the next
   * step.
   */
  public Pointer parameters() {
    return parameters.pointer();
  }

  /**
   * The memory of AdamW's moments: the first moments of all parameters, then the second, {@code
   * (2·P)}. Valid until the next step.
   */
  public Pointer moments() {
    return moments.pointer();
  }

  FlatVector copyOfMoments() {
    return moments.copy();
  }

  /** The learning rate of a step, counted from 0. */
  public double learningRate(int step) {
    return rule.learningRate(step);
  }

  /** The engine that adds up workers' results: the model's in this process, else the host's. */
  Engine engine(Workers workers) {
    return workers instanceof LocalWorkers ? engine() : Engines.host();
  }

  private Engine engine() {
    return Engines.of(model.engine());
  }

  /** Begins a step: returns the gradient, all zeros, to be added to. */
  FlatVector beginGradient() {
    if (!isCleared) { // the last step's gradient was never applied
      Engine engine = Engines.host();
      engine.fill(gradient.changingOn(engine), 0);
    }
    isCleared = false;
    return gradient;
  }

  /** Takes an optimizer step on rows, all on the model's engine. */
  public StepMetrics step(StepRows rows, TrainingRows table) {
    StepMetrics measured;
    double squares;
    try (ExecutorModel here = ExecutorModel.of(model)) {
      Arrival<StepMetrics> measuring = here.begin(rows, table, parameters, beginGradient());
      squares = squares(engine()); // waits for the device once, for squares and metrics together
      measured = measuring.await();
    }
    long started = System.nanoTime();
    StepMetrics metrics = measured.withGradNorm(update(rows.step(), engine(), squares));
    ExecutorMeter.here().trained(0, System.nanoTime() - started);
    return metrics;
  }

  /**
   * Clips the gradient and takes AdamW's step.
   *
   * @param step from 0
   * @param engine the engine that holds the gradient
   * @return the gradient's norm before clipping
   * @throws org.sparklora.train.NonFiniteLossException if the norm is not finite; the parameters
   *     stay unchanged
   */
  double update(int step, Engine engine) {
    return update(step, engine, squares(engine));
  }

  private double squares(Engine engine) {
    return engine.sumOfSquares(gradient.changingOn(engine));
  }

  private double update(int step, Engine engine, double squares) {
    Tensor sum = gradient.changingOn(engine);
    double norm = Math.sqrt(squares);
    AdamW adamW = rule.adamW(step, norm);
    Tensor both = moments.changingOn(engine);
    long size = parameters.size();
    engine.adamW(
        new AdamW.Vectors(
            parameters.changingOn(engine), sum, both.view(0, size), both.view(size, size)),
        adamW);
    isCleared = true;
    return norm;
  }

  /** Frees the engine's copies, and vectors that own their memory; a caller's memory stays. */
  @Override
  public void close() {
    List.of(parameters, moments, gradient).forEach(FlatVector::close);
  }
}
