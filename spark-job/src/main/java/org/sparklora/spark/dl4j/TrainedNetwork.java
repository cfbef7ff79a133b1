package org.sparklora.spark.dl4j;

import java.util.Locale;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.learning.config.Adam;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.hardware.OpenBlasKernels;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.step.StepRule;
import org.sparklora.train.step.TrainedVectors;

/**
 * The DL4J network on the driver: one {@link DecoderLayer}, its parameters and AdamW's state.
 *
 * <p>Not thread-safe. Closing frees the memory of {@link #vectors}, so no task may still use them.
 */
public final class TrainedNetwork implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final NativeMemory vectors;

  private TrainedNetwork(MultiLayerNetwork network) {
    this.network = network;
    long floats = network.numParams() + network.getUpdater().getStateViewArray().length();
    this.vectors = NativeMemory.ofLibrary(Float.BYTES * floats, () -> NetworkVectors.free(network));
  }

  /**
   * Creates a network whose parameters are all 0.
   *
   * @param layout of the flat parameter vector: decayed parameters first
   */
  public static TrainedNetwork create(
      TrainedModel model,
      ParameterLayout layout,
      OptimizerConfig optimizer,
      ScheduleConfig schedule,
      int totalSteps) {
    OpenBlasKernels.choose(); // ND4J loads OpenBLAS
    if (layout.size() > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot train %,d parameters: Deeplearning4j counts an optimizer's two moments in 32 bits, which allows 1,073,741,823; train an adapter or lower lora_r",
              layout.size()));
    }
    StepRule rule = StepRule.of(layout, optimizer, schedule, totalSteps);
    Adam moments = new Adam(); // DL4J keeps the moments; an engine takes the rule's steps on them
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .updater(moments)
            .miniBatch(false) // the loss is already divided by the step's target tokens
            .trainingWorkspaceMode(WorkspaceMode.NONE)
            .inferenceWorkspaceMode(WorkspaceMode.NONE)
            .list()
            .layer(DecoderLayerConf.of(model, rule, layout.size(), moments))
            .backpropType(BackpropType.Standard)
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return new TrainedNetwork(network);
  }

  MultiLayerNetwork network() {
    return network;
  }

  /** Parameters, moments and gradient; each call returns the same instance. */
  public TrainedVectors vectors() {
    return NetworkVectors.of(network);
  }

  /**
   * Frees parameters, moments and gradient. Idempotent. DL4J's own close() also runs the garbage
   * collector.
   */
  @Override
  public void close() {
    vectors.close();
  }
}
