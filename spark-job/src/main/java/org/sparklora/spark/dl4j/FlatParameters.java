package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The parameters as DL4J sees them: one flat vector. */
final class FlatParameters implements ParamInitializer {
  static final String TRAINED = "trained";
  static final FlatParameters INSTANCE = new FlatParameters();

  private FlatParameters() {}

  @Override
  public long numParams(NeuralNetConfiguration conf) {
    return numParams(conf.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return ((DecoderLayerConf) layer).size();
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    return List.of(TRAINED);
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return List.of(TRAINED);
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return List.of();
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return TRAINED.equals(key);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return false;
  }

  /** Returns the vector. Initialises nothing: the caller writes the values. */
  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration conf, INDArray paramsView, boolean initializeParams) {
    conf.clearVariables(); // a cloned configuration has the variables of its original
    conf.addVariable(TRAINED);
    return Map.of(TRAINED, paramsView.reshape(paramsView.length()));
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration conf, INDArray gradientView) {
    return Map.of(TRAINED, gradientView.reshape(gradientView.length()));
  }
}
