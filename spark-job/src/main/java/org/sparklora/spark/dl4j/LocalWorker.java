package org.sparklora.spark.dl4j;

import java.util.Collection;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.dataset.api.DataSet;

/**
 * DL4J's worker in the driver's JVM. A single one trains the driver's own network, since the
 * average over one worker is that worker; several get copies of it, as DL4J makes them, and hand
 * these over uncopied.
 */
final class LocalWorker extends ParameterAveragingTrainingWorker {
  private static final long serialVersionUID = 1L;

  private final String memory;
  private final boolean alone;

  LocalWorker(
      Broadcast<NetBroadcastTuple> broadcast,
      WorkerConfiguration configuration,
      Collection<TrainingHook> hooks,
      String memory,
      boolean alone) {
    super(broadcast, true, configuration, hooks, null, null);
    this.memory = memory;
    this.alone = alone;
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    return alone ? LocalMemory.find(memory).network() : super.getInitialModel();
  }

  @Override
  public ParameterAveragingTrainingResult processMinibatch(
      DataSet step, MultiLayerNetwork network, boolean isLast) {
    AtomicReference<ParameterAveragingTrainingResult> result = new AtomicReference<>();
    LocalMemory.find(memory).use(() -> result.set(super.processMinibatch(step, network, isLast)));
    return result.get();
  }

  @Override
  public ParameterAveragingTrainingResult getFinalResult(MultiLayerNetwork network) {
    LocalMemory round = LocalMemory.find(memory);
    ParameterAveragingTrainingResult result = super.getFinalResult(network);
    if (!alone) {
      network.getFlattenedGradients().close();
      round.own(result.getParameters());
      round.own(result.getUpdaterState());
    }
    return new ParameterAveragingTrainingResult(
        round.share(result.getParameters()),
        round.share(result.getUpdaterState()),
        result.getScore(),
        null,
        null,
        null);
  }
}
