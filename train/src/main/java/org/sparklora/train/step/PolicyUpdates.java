package org.sparklora.train.step;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Engine;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.PolicyGradient;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Updates of a policy: workers compute the gradient of one micro-batch each; the driver adds
 * gradients up in the order of the micro-batches, clips the sum and takes AdamW's step. So the
 * result is the same to the last bit for any number of workers.
 *
 * <p>Not thread-safe.
 */
public final class PolicyUpdates implements AutoCloseable {
  private final Workers workers;
  private final TrainedVectors vectors;
  private final Engine engine; // adds up gradients
  private final Optional<OuterOptimizer> outer; // of averages; empty for plain means
  private SharedVector parameters; // null until a step first calls parameters()

  public PolicyUpdates(
      Workers workers, TrainedVectors vectors, Optional<OuterOptimizer.Settings> outer) {
    this.workers = workers;
    this.vectors = vectors;
    this.engine = vectors.engine(workers);
    this.outer = outer.map(settings -> new OuterOptimizer(settings, vectors.size()));
  }

  /** The current policy, for all work until the next {@link #apply}. */
  public SharedVector parameters() {
    if (parameters == null) {
      parameters = workers.lend(vectors.vector());
    }
    return parameters;
  }

  public TrainedModel model() {
    return vectors.model();
  }

  /** The policy after a number of optimizer steps: on the driver, and shared for work. */
  public record Version(int steps, FlatVector vector, SharedVector shared) {}

  /** The current policy, which {@code steps} optimizer steps led to; valid until the next one. */
  public Version version(int steps) {
    return new Version(steps, vectors.vector(), parameters());
  }

  /** A copy of the current policy, which {@code readers} can read until it is no longer shared. */
  public Version copy(int steps, Workers readers) {
    FlatVector copy = vectors.vector().copy();
    return new Version(steps, copy, readers.share(copy));
  }

  /**
   * Computes a step's gradient; the parameters stay as they are. The gradient stays in the vectors
   * until it is applied, or the next one is computed.
   *
   * @param microBatches all micro-batches of the step; their losses and gradients add up
   * @return losses and metrics of each micro-batch, without its gradient
   * @throws org.sparklora.train.NonFiniteLossException if a loss is not finite
   */
  public List<PolicyGradient> gradient(List<PolicyMicroBatch> microBatches) {
    workers.during("step " + (microBatches.get(0).step() + 1));
    FlatVector sum = vectors.beginGradient();
    List<PolicyGradient> parts = new ArrayList<>();
    workers.forEach(
        "compute gradients",
        microBatches,
        new ComputeGradient(vectors.model(), parameters()),
        part -> {
          part.addTo(sum, engine);
          parts.add(part); // without its gradient from now on
        });
    return parts;
  }

  /**
   * Takes the step whose gradient was computed last.
   *
   * @param step number of the step, from 0
   * @param parts of {@link #gradient}
   * @throws org.sparklora.train.NonFiniteLossException if the gradient is not finite; the
   *     parameters stay unchanged
   */
  public PolicyMetrics apply(int step, List<PolicyGradient> parts) {
    double norm = vectors.update(step, engine);
    releaseParameters();
    return PolicyMetrics.of(step, norm, parts);
  }

  /**
   * Takes steps that are averaged once (local SGD; Stich, 2019, arXiv 1805.09767): workers take all
   * of them on their own micro-batches; then parameters and moments become their means over the
   * workers. With an outer optimizer the driver takes a step with the mean change of the parameters
   * instead. All workers weigh the same: losses are divided by numbers of the round, not of a
   * worker.
   *
   * @param ofWorkers for each worker its micro-batches of each step, equally many
   * @return the metrics of each step
   * @throws org.sparklora.train.NonFiniteLossException if a loss or gradient is not finite; the
   *     parameters stay unchanged
   */
  public List<PolicyMetrics> average(List<List<List<PolicyMicroBatch>>> ofWorkers) {
    int steps = ofWorkers.get(0).size();
    int first = ofWorkers.get(0).get(0).get(0).step();
    workers.during("steps %s to %s".formatted(first + 1, first + steps));
    long size = vectors.size();
    List<List<PolicyMetrics>> taken;
    try (FlatVector means = new FlatVector(3 * size);
        SharedVector moments = workers.share(vectors.copyOfMoments())) {
      taken =
          workers.addUp(
              "take steps of their own",
              ofWorkers,
              new TakeSteps(
                  vectors.model(),
                  vectors.rule(),
                  parameters(),
                  moments,
                  1f / ofWorkers.size(),
                  outer.isPresent()),
              means);
      outer.ifPresentOrElse(
          optimizer -> step(optimizer, means),
          () -> means.part(0, size).copyTo(vectors.parameters()));
      means.part(size, 2 * size).copyTo(vectors.moments());
    }
    releaseParameters();
    return IntStream.range(0, steps)
        .mapToObj(s -> PolicyMetrics.mean(taken.stream().map(own -> own.get(s)).toList()))
        .toList();
  }

  private void step(OuterOptimizer optimizer, FlatVector means) {
    try (FlatVector change = FlatVector.over(means.pointer(), vectors.size())) {
      optimizer.step(change);
      change.addTo(vectors.parameters());
    }
  }

  /** Writes the state of a checkpoint beside the trained vectors. */
  public void write(Path checkpoint) throws IOException {
    if (outer.isPresent()) {
      outer.get().write(checkpoint, model().layout());
    }
  }

  /** Restores the state of a checkpoint; the trained vectors are restored before. */
  public void read(Path checkpoint) throws IOException {
    if (outer.isPresent()) {
      outer.get().read(checkpoint, model().layout());
    }
  }

  /** Frees all vectors but those that are trained. */
  @Override
  public void close() {
    releaseParameters();
    outer.ifPresent(OuterOptimizer::close);
  }

  private void releaseParameters() {
    if (parameters != null) {
      parameters.close();
      parameters = null;
    }
  }

  /**
   * A worker's own steps, from the parameters {@code (P)} and moments {@code (2·P)} that all begin
   * with. Adds its share of parameters and moments to the means, {@code (3·P)}.
   *
   * @param share of each worker in the means
   * @param ofChanges whether the worker adds its share of the parameters' change instead
   */
  private record TakeSteps(
      TrainedModel model,
      StepRule rule,
      SharedVector parameters,
      SharedVector moments,
      float share,
      boolean ofChanges)
      implements Workers.Adding<List<List<PolicyMicroBatch>>, List<PolicyMetrics>> {
    @Override
    public List<PolicyMetrics> add(List<List<PolicyMicroBatch>> steps, FlatVector means) {
      long size = parameters.vector().size();
      try (TrainedVectors own = TrainedVectors.zeros(model, rule);
          PolicyUpdates alone = new PolicyUpdates(new LocalWorkers(), own, Optional.empty());
          FlatVector part = new FlatVector(3 * size)) { // rounded: the same bits in one process
        parameters.vector().copyTo(own.parameters());
        moments.vector().copyTo(own.moments());
        List<PolicyMetrics> taken =
            steps.stream()
                .map(step -> alone.apply(step.get(0).step(), alone.gradient(step)))
                .toList();
        if (ofChanges) {
          parameters.vector().addTo(-1, own.parameters());
        }
        FlatVector.over(own.parameters(), size).addTo(share, part.pointer());
        FlatVector.over(own.moments(), 2 * size).addTo(share, FlatVector.at(part.pointer(), size));
        part.addTo(means.pointer());
        return taken;
      }
    }
  }

  private record ComputeGradient(TrainedModel model, SharedVector parameters)
      implements Workers.Work<PolicyMicroBatch, PolicyGradient> {
    @Override
    public PolicyGradient run(PolicyMicroBatch microBatch) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return here.gradient(microBatch, parameters.vector());
      }
    }
  }
}
