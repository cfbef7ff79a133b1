package org.sparklora.spark.dl4j;

import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The whole decoder as one DL4J layer: DL4J owns the trained parameters, the executor's model
 * everything else. {@link NetworkVectors#step} takes whole optimizer steps of several
 * micro-batches; DL4J's {@code fit} would add four passes over all parameters.
 */
final class DecoderLayer extends BaseLayer<DecoderLayerConf> {
  private static final long serialVersionUID = 1L;

  private transient NetworkVectors vectors; // null until the first call of vectors()

  DecoderLayer(NeuralNetConfiguration conf, DataType dataType) {
    super(conf, dataType);
  }

  /** The vectors of the network that this layer belongs to. */
  NetworkVectors vectors(MultiLayerNetwork network) {
    if (vectors == null) {
      vectors = new NetworkVectors(network, layerConf());
    }
    return vectors;
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

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  @Override
  public Type type() {
    return Type.FEED_FORWARD;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray epsilon, LayerWorkspaceMgr workspaceMgr) {
    throw onlyKeeps();
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaceMgr) {
    throw onlyKeeps();
  }

  @Override
  public Layer clone() {
    throw onlyKeeps();
  }

  private static UnsupportedOperationException onlyKeeps() {
    return new UnsupportedOperationException(
        "This network keeps what is trained, and does not compute: sft and grpo train it, score"
            + " evaluates, PEFT or transformers generate");
  }
}
