package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.hardware.OpenBlasKernels;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.step.StepRule;
import org.sparklora.train.step.TrainedVectors;
import org.sparklora.train.vector.FlatVector;

/**
 * A DL4J network, of the driver or of a worker: one {@link DecoderLayer}, its parameters and
 * AdamW's state. Its arrays are {@link TrainedVectors}: parameters, gradient, and the state of
 * DL4J's Adam, which is the first moments of all parameters, then the second.
 *
 * <p>Not thread-safe. Closing frees the memory of {@link #vectors}, so no task may still use them.
 */
public final class TrainedNetwork implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final List<INDArray> arrays; // parameters, moments
  private final TrainedVectors vectors;
  private final NativeMemory memory;

  /** A network whose parameters are all 0. */
  TrainedNetwork(MultiLayerConfiguration configuration) {
    this.network = new MultiLayerNetwork(configuration);
    network.init();
    this.arrays = List.of(network.params(), network.getUpdater().getStateViewArray());
    INDArray gradient = network.getFlattenedGradients(); // DL4J makes it with the updater
    DecoderLayerConf layer = (DecoderLayerConf) configuration.getConf(0).getLayer();
    this.vectors =
        new TrainedVectors(
            layer.model(),
            layer.rule(),
            over(arrays.get(0)),
            over(arrays.get(1)),
            FlatVector.overZeros(address(gradient), gradient.length()));
    long floats = arrays.stream().mapToLong(INDArray::length).sum();
    this.memory =
        NativeMemory.ofLibrary(
            Float.BYTES * floats,
            () -> {
              vectors.close(); // the engine's copies
              arrays.forEach(INDArray::close);
              gradient.close();
            });
  }

  /** Creates a network whose parameters are all 0. */
  public static TrainedNetwork create(
      TrainedModel model, OptimizerConfig optimizer, ScheduleConfig schedule, int totalSteps) {
    OpenBlasKernels.choose(); // ND4J loads OpenBLAS
    ParameterLayout layout = model.layout();
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
            .layer(DecoderLayerConf.of(model, rule, moments))
            .backpropType(BackpropType.Standard)
            .build();
    return new TrainedNetwork(configuration);
  }

  MultiLayerNetwork network() {
    return network;
  }

  /** Parameters, moments and gradient; each call returns the same instance. */
  public TrainedVectors vectors() {
    return vectors;
  }

  /** DL4J's arrays of the current parameters and moments, for reading and writing. */
  List<INDArray> arrays() {
    vectors.parameters();
    vectors.moments();
    arrays.forEach(TrainedNetwork::address);
    return arrays;
  }

  /** An array as a vector in place. */
  static FlatVector over(INDArray array) {
    return FlatVector.over(address(array), array.length());
  }

  /**
   * The address of a whole vector's first element, for use without copying. With {@code nd4j-cuda}
   * it is in host memory, whose copy ND4J uses from now on.
   */
  static Pointer address(INDArray vector) {
    if (vector.data().offset() != 0 || vector.offset() != 0) {
      throw new IllegalStateException(
          "Cannot share a view that starts inside another array: " + vector.shapeInfoToString());
    }
    AffinityManager affinity = Nd4j.getAffinityManager();
    affinity.ensureLocation(vector, AffinityManager.Location.HOST);
    affinity.tagLocation(vector, AffinityManager.Location.HOST);
    return vector.data().pointer();
  }

  /**
   * Frees parameters, moments and gradient. Idempotent. DL4J's own close() also runs the garbage
   * collector.
   */
  @Override
  public void close() {
    memory.close();
  }
}
