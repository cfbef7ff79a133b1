package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters as DL4J sees them: one flat vector in two ranges. AdamW decays the first
 * ("weights") but not the second ("biases"). An adapter has only the first.
 */
final class FlatParameters implements ParamInitializer {
  static final String DECAYED = "decayed";
  static final String PLAIN = "plain";

  static final FlatParameters INSTANCE = new FlatParameters();

  private FlatParameters() {}

  @Override
  public long numParams(NeuralNetConfiguration conf) {
    return numParams(conf.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return of(layer).decayedSize() + of(layer).plainSize();
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    List<String> keys = new ArrayList<>(weightKeys(layer));
    keys.addAll(biasKeys(layer));
    return keys;
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return of(layer).decayedSize() == 0 ? List.of() : List.of(DECAYED);
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return of(layer).plainSize() == 0 ? List.of() : List.of(PLAIN);
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return DECAYED.equals(key);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return PLAIN.equals(key);
  }

  /** Returns the two ranges. Initialises nothing: the caller writes the values. */
  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration conf, INDArray paramsView, boolean initializeParams) {
    conf.clearVariables(); // a cloned configuration has the variables of its original
    paramKeys(conf.getLayer()).forEach(conf::addVariable);
    return ranges(conf, paramsView);
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration conf, INDArray gradientView) {
    return ranges(conf, gradientView);
  }

  private Map<String, INDArray> ranges(NeuralNetConfiguration conf, INDArray flat) {
    INDArray vector = flat.reshape(flat.length());
    long decayed = of(conf.getLayer()).decayedSize();
    Map<String, INDArray> ranges = new LinkedHashMap<>();
    if (decayed > 0) {
      ranges.put(DECAYED, vector.get(NDArrayIndex.interval(0, decayed)));
    }
    if (decayed < vector.length()) {
      ranges.put(PLAIN, vector.get(NDArrayIndex.interval(decayed, vector.length())));
    }
    return ranges;
  }

  private static DecoderLayerConf of(Layer layer) {
    return (DecoderLayerConf) layer;
  }
}
