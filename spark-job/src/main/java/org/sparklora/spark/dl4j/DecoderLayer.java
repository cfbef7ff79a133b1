package org.sparklora.spark.dl4j;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.train.step.TrainedVectors;

/**
 * The whole decoder as one DL4J layer: DL4J owns the trained parameters, the executor's model
 * everything else. {@link TrainedVectors#step} takes whole optimizer steps of several
 * micro-batches; DL4J's {@code fit} would add four passes over all parameters.
 */
final class DecoderLayer extends BaseLayer<DecoderLayerConf> {
  private static final long serialVersionUID = 1L;

  DecoderLayer(NeuralNetConfiguration conf, DataType dataType) {
    super(conf, dataType);
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
