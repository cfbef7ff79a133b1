package org.sparklora.spark.dl4j;

import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.PolicyStep;

/**
 * Updates of a policy in this process: gradients are summed over a step's micro-batches, clipped,
 * and applied by the network's updater, as {@link SummedGradients} does with those of executors.
 *
 * <p>Not thread-safe.
 */
public final class PolicyUpdates {
  private final ExecutorModel model;
  private final AdapterNetwork network;
  private final double maxGradNorm;

  /**
   * @param model what {@code network} was made for
   * @param maxGradNorm larger gradients are clipped to it; 0 for none
   */
  public PolicyUpdates(ExecutorModel model, AdapterNetwork network, double maxGradNorm) {
    this.model = model;
    this.network = network;
    this.maxGradNorm = maxGradNorm;
    network.network().initGradientsView();
  }

  /**
   * Takes one step.
   *
   * @throws org.sparklora.spark.train.NonFiniteLossException if a loss or the gradient is not
   *     finite; the parameters are those before the step
   */
  public PolicyMetrics update(PolicyStep step) {
    MultiLayerNetwork dl4j = network.network();
    INDArray gradient = dl4j.getFlattenedGradients();
    gradient.assign(0);
    Pointer sum = DecoderLayer.address(gradient);
    PolicyMetrics measured = model.accumulate(step, network.parameters(), sum);
    double norm = GradientClip.apply(gradient, maxGradNorm, step.step());
    network.update(step.step(), gradient);
    return measured.withGradNorm(norm);
  }
}
