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
 * The whole decoder as one DL4J layer: the trained parameters are DL4J's, everything else is the
 * executor's. Its steps, each a whole optimizer step of several micro-batches, are {@link
 * NetworkVectors#step}'s: DL4J's {@code fit} would go over all parameters four times after it.
 */
final class DecoderLayer extends BaseLayer<DecoderLayerConf> {
  private static final long serialVersionUID = 1L;

  private transient NetworkVectors vectors; // null until they are asked for

  DecoderLayer(NeuralNetConfiguration conf, DataType dataType) {
    super(conf, dataType);
  }

  /** Those of the network that this layer is in. */
  NetworkVectors vectors(MultiLayerNetwork network) {
    if (vectors == null) {
      vectors = new NetworkVectors(network, layerConf());
    }
    return vectors;
  }

  /**
   * The first element of a whole vector, to be shared without copying. With {@code nd4j-cuda} it is
   * the copy in this process's memory, from now on the one that counts.
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
