package org.sparklora.spark.dl4j;

import java.util.Collection;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.train.TrainedModel;

/**
 * Configuration of the network's only layer: the trained model and its number of parameters. DL4J
 * sends it to executors, so it holds no weights.
 */
final class DecoderLayerConf extends FeedForwardLayer {
  private static final long serialVersionUID = 1L;

  private final TrainedModel model;
  private final long decayedSize;
  private final long plainSize;
  private final double maxGradNorm;

  private DecoderLayerConf(Builder builder) {
    super(builder);
    this.model = builder.model;
    this.decayedSize = builder.decayedSize;
    this.plainSize = builder.plainSize;
    this.maxGradNorm = builder.maxGradNorm;
    setNIn(1); // DL4J requires both to be positive; the layer itself uses neither
    setNOut(1);
  }

  static DecoderLayerConf of(
      TrainedModel model,
      long decayedSize,
      long plainSize,
      OptimizerConfig optimizer,
      IUpdater updater) {
    Builder builder = new Builder();
    builder.model = model;
    builder.decayedSize = decayedSize;
    builder.plainSize = plainSize;
    builder.maxGradNorm = optimizer.maxGradNorm();
    builder.activation(new ActivationIdentity());
    builder.updater(updater).biasUpdater(updater);
    return new DecoderLayerConf(builder);
  }

  TrainedModel model() {
    return model;
  }

  /** Parameters under weight decay; they come first. */
  long decayedSize() {
    return decayedSize;
  }

  /** Parameters that are never decayed: norms and biases. */
  long plainSize() {
    return plainSize;
  }

  double maxGradNorm() {
    return maxGradNorm;
  }

  @Override
  public org.deeplearning4j.nn.api.Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int layerIndex,
      INDArray params,
      boolean initializeParams,
      DataType dataType) {
    DecoderLayer layer = new DecoderLayer(conf, dataType);
    layer.setListeners(listeners);
    layer.setIndex(layerIndex);
    layer.setParamsViewArray(params);
    layer.setParamTable(initializer().init(conf, params, initializeParams));
    layer.setConf(conf);
    return layer;
  }

  @Override
  public ParamInitializer initializer() {
    return FlatParameters.INSTANCE;
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType inputType) {
    return InputType.feedForward(1);
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType inputType) {
    long size = decayedSize + plainSize;
    return new LayerMemoryReport.Builder(layerName, DecoderLayerConf.class, inputType, inputType)
        .standardMemory(size, getIUpdater().stateSize(size))
        .workingMemory(0, 0, 0, 0)
        .cacheMemory(MemoryReport.CACHE_MODE_ALL_ZEROS, MemoryReport.CACHE_MODE_ALL_ZEROS)
        .build();
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @SuppressWarnings("unchecked") // of build(): DL4J lets the caller choose the type it returns
  private static final class Builder extends FeedForwardLayer.Builder<Builder> {
    private TrainedModel model;
    private long decayedSize;
    private long plainSize;
    private double maxGradNorm;

    @Override
    public DecoderLayerConf build() {
      return new DecoderLayerConf(this);
    }
  }
}
