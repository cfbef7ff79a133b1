package org.sparklora.spark.dl4j;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.spark.train.AveragingError;
import org.sparklora.spark.train.StepMetrics;

/**
 * Runs on executors around each of DL4J's updates and sends home what DL4J does not: the step's
 * measurements, and after a worker's last step of a round a sketch of its adapter and what its
 * executor did.
 */
final class StepHook implements TrainingHook {
  private static final long serialVersionUID = 1L;

  private final WorkerReports<StepMetrics> metrics;
  private final AveragingError averagingError;
  private final WorkerReports<float[]> sketches;
  private final ExecutorReports executors;

  StepHook(
      WorkerReports<StepMetrics> metrics,
      AveragingError averagingError,
      WorkerReports<float[]> sketches,
      ExecutorReports executors) {
    this.metrics = metrics;
    this.averagingError = averagingError;
    this.sketches = sketches;
    this.executors = executors;
  }

  @Override
  public void postUpdate(DataSet step, Model model) {
    MultiLayerNetwork network = (MultiLayerNetwork) model;
    DecoderLayer layer = (DecoderLayer) network.getOutputLayer();
    StepMetrics measured = layer.metrics();
    ExecutorMeter.here().trained(0, layer.nanosSinceGradient());
    metrics.add(measured.step(), measured);
    if (StepDataSet.rows(step.getFeatures()).lastOfRound()) {
      averagingError
          .sketch(DecoderLayer.address(network.params()))
          .ifPresent(sketch -> sketches.add(measured.step(), sketch));
      executors.add(measured.step());
    }
  }

  @Override
  public void preUpdate(DataSet step, Model model) {
    // nothing is known before the update
  }

  @Override
  public void preUpdate(MultiDataSet step, Model model) {
    throw new UnsupportedOperationException("A step is one DataSet");
  }

  @Override
  public void postUpdate(MultiDataSet step, Model model) {
    throw new UnsupportedOperationException("A step is one DataSet");
  }
}
