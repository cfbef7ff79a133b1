package org.sparklora.spark.dl4j;

import java.util.Locale;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.NativeMemory;
import org.sparklora.model.engine.OpenBlasKernels;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.FlatVector;
import org.sparklora.train.TrainedModel;

/**
 * The DL4J network on the driver: one {@link DecoderLayer}, its parameters and AdamW's state.
 *
 * <p>Not thread-safe. Closing frees the vectors that {@link #parameters} and {@link #moments} point
 * to, so no task may still use them.
 */
public final class TrainedNetwork implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final NativeMemory vectors;

  private TrainedNetwork(MultiLayerNetwork network) {
    this.network = network;
    long floats = network.numParams() + network.getUpdater().getStateViewArray().length();
    this.vectors = NativeMemory.ofLibrary(Float.BYTES * floats, vectors()::free);
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
    long decayed =
        layout.entries().stream()
            .filter(ParameterLayout.Entry::decayed)
            .mapToLong(ParameterLayout.Entry::size)
            .sum();
    if (layout.size() > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot train %,d parameters: Deeplearning4j counts an optimizer's two moments in 32 bits, which allows 1,073,741,823; train an adapter or lower lora_r",
              layout.size()));
    }
    TorchAdamW updater =
        new TorchAdamW(
            optimizer.beta1(),
            optimizer.beta2(),
            optimizer.epsilon(),
            optimizer.weightDecay(),
            HfSchedule.of(optimizer.learningRate(), schedule, totalSteps));
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .updater(updater)
            .miniBatch(false) // the loss is already divided by the step's target tokens
            .trainingWorkspaceMode(WorkspaceMode.NONE)
            .inferenceWorkspaceMode(WorkspaceMode.NONE)
            .list()
            .layer(DecoderLayerConf.of(model, decayed, layout.size() - decayed, optimizer, updater))
            .backpropType(BackpropType.Standard)
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return new TrainedNetwork(network);
  }

  MultiLayerNetwork network() {
    return network;
  }

  /** Number of trained parameters. */
  public long size() {
    return network.numParams();
  }

  /**
   * The memory of the parameters, float32; writing to it changes the network. Valid until the
   * network trains on.
   */
  public Pointer parameters() {
    return vectors().parameters().pointer();
  }

  /**
   * The memory of AdamW's moments, float32: the first moments of all parameters, then the second,
   * {@code (2·P)}. Valid until the network trains on.
   */
  public Pointer moments() {
    return vectors().moments().pointer();
  }

  /** The parameters for reading, in host memory or on a device. */
  public FlatVector vector() {
    return vectors().parameters();
  }

  NetworkVectors vectors() {
    return NetworkVectors.of(network);
  }

  /** The learning rate of a step, counted from 0. */
  public double learningRate(int step) {
    return network
        .getLayerWiseConfigurations()
        .getConf(0)
        .getLayer()
        .getUpdaterByParam(FlatParameters.DECAYED)
        .getLearningRate(step, 0);
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
