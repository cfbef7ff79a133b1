package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.PolicyGradient;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.PolicyMicroBatch;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.workers.SharedVector;
import org.sparklora.spark.workers.Work;
import org.sparklora.spark.workers.Workers;

/**
 * Updates of a policy: workers compute the gradient of one micro-batch each, the driver adds them
 * up in the order of the micro-batches, clips, and has the network's updater apply the sum. So the
 * result is the same to the last bit whoever computes, and however many they are.
 *
 * <p>Not thread-safe.
 */
public final class PolicyUpdates implements AutoCloseable {
  private final Workers workers;
  private final TrainedModel model;
  private final AdapterNetwork network;
  private final double maxGradNorm;
  private SharedVector parameters; // null until somebody asks for those of this step

  /**
   * @param model what {@code network} was made for
   * @param maxGradNorm larger gradients are clipped to it; 0 for none
   */
  public PolicyUpdates(
      Workers workers, TrainedModel model, AdapterNetwork network, double maxGradNorm) {
    this.workers = workers;
    this.model = model;
    this.network = network;
    this.maxGradNorm = maxGradNorm;
    network.network().initGradientsView();
  }

  /** The policy as it is now, for all work until the next {@link #update}. */
  public SharedVector parameters() {
    if (parameters == null) {
      parameters = workers.share(network.parameters(), network.network().numParams());
    }
    return parameters;
  }

  /** Tells the policy as it is now from any other. */
  public String checksum() {
    return FlatVector.checksum(network.parameters(), network.network().numParams());
  }

  /**
   * Takes one step.
   *
   * @param microBatches whose losses and gradients add up
   * @param check looks at the policy's log-probabilities, an array a micro-batch with one number a
   *     target token, before anything is learnt; what it throws leaves the parameters as they were
   * @throws org.sparklora.spark.train.NonFiniteLossException if a loss or the gradient is not
   *     finite; the parameters are those before the step
   */
  public PolicyMetrics update(
      int step, List<PolicyMicroBatch> microBatches, Consumer<List<float[]>> check) {
    workers.during("step " + (step + 1));
    MultiLayerNetwork dl4j = network.network();
    INDArray gradient = dl4j.getFlattenedGradients();
    gradient.assign(0);
    Sum sum = new Sum(DecoderLayer.address(gradient));
    workers.forEach(microBatches, new Gradient(model, parameters()), sum::add);
    check.accept(sum.logProbs);
    double norm = GradientClip.apply(gradient, maxGradNorm, step);
    close();
    network.update(step, gradient);
    return new PolicyMetrics(step, sum.loss, norm, sum.metrics);
  }

  /** Forgets the shared parameters. */
  @Override
  public void close() {
    if (parameters != null) {
      parameters.close();
      parameters = null;
    }
  }

  private record Gradient(TrainedModel model, SharedVector parameters)
      implements Work<PolicyMicroBatch, PolicyGradient> {
    @Override
    public PolicyGradient run(PolicyMicroBatch microBatch) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return here.gradient(microBatch, parameters.floats());
      }
    }

    @Override
    public String verb() {
      return "compute gradients";
    }

    @Override
    public long vectorBytes(PolicyGradient result) {
      return Float.BYTES * result.gradient().size();
    }
  }

  private static final class Sum {
    private final Pointer gradient;
    private final List<Map<String, Double>> metrics = new ArrayList<>();
    private final List<float[]> logProbs = new ArrayList<>();
    private double loss = 0;

    Sum(Pointer gradient) {
      this.gradient = gradient;
    }

    void add(PolicyGradient part) {
      try (part) {
        loss += part.loss();
        metrics.add(part.metrics());
        logProbs.add(part.logProbs());
        part.gradient().addTo(gradient);
      }
    }
  }
}
