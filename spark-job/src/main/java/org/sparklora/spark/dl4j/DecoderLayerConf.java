package org.sparklora.spark.dl4j;

import java.util.Collection;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.step.StepRule;

/**
 * Configuration of the network's only layer: the trained model and the rule of a step. DL4J sends
 * it to executors, so it holds no weights. DL4J sees the trained parameters as a weight of one
 * input.
 */
final class DecoderLayerConf extends FeedForwardLayer {
  private static final long serialVersionUID = 1L;

  private final TrainedModel model;
  private final StepRule rule;

  private DecoderLayerConf(Builder builder, TrainedModel model, StepRule rule) {
    super(builder);
    this.model = model;
    this.rule = rule;
    setNIn(1);
    setNOut(model.layout().size());
  }

  /** The layer of a model. */
  static DecoderLayerConf of(TrainedModel model, StepRule rule, IUpdater updater) {
    Builder builder = new Builder();
    builder.activation(new ActivationIdentity());
    builder.weightInit(WeightInit.ZERO);
    builder.updater(updater).biasUpdater(updater);
    return new DecoderLayerConf(builder, model, rule);
  }

  TrainedModel model() {
    return model;
  }

  StepRule rule() {
    return rule;
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
    return new DefaultParamInitializer() {
      @Override
      protected boolean hasBias(Layer layer) {
        return false;
      }
    };
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType inputType) {
    return InputType.feedForward(nOut);
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType inputType) {
    return new LayerMemoryReport.Builder(layerName, DecoderLayerConf.class, inputType, inputType)
        .standardMemory(nOut, getIUpdater().stateSize(nOut))
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
    @Override
    public DecoderLayerConf build() {
      throw new UnsupportedOperationException("of() builds");
    }
  }
}
