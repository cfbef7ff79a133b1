package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainingRows;

/**
 * The whole decoder as one DL4J layer: the trained parameters are DL4J's, everything else is {@link
 * ExecutorModel}'s.
 *
 * <p>DL4J asks an output layer for its gradient once per minibatch. A minibatch here is a whole
 * optimizer step, see {@link StepDataSet}; its micro-batches are accumulated straight into DL4J's
 * gradient memory, which is then clipped.
 */
final class DecoderLayer extends BaseLayer<DecoderLayerConf> implements IOutputLayer {
  private static final long serialVersionUID = 1L;

  private transient StepRows rows; // of the next step
  private transient TrainingRows table;
  private transient INDArray labels;
  private transient StepMetrics metrics;
  private transient long gradientNanos; // when it was there, on System.nanoTime's clock

  DecoderLayer(NeuralNetConfiguration conf, DataType dataType) {
    super(conf, dataType);
  }

  /** Says what the next minibatch is: DL4J's own one is idle numbers. */
  void next(StepRows step, TrainingRows of) {
    rows = step;
    table = of;
  }

  /** What the last step measured. */
  StepMetrics metrics() {
    return metrics;
  }

  /** How long the last gradient has been there: what its update takes. */
  long nanosSinceGradient() {
    return System.nanoTime() - gradientNanos;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray epsilon, LayerWorkspaceMgr workspaceMgr) {
    gradientsFlattened.assign(0);
    StepMetrics measured;
    try (ExecutorModel model = ExecutorModel.of(layerConf().model())) {
      measured =
          model.accumulate(rows, table, address(paramsFlattened), address(gradientsFlattened));
    }
    double norm = GradientClip.apply(gradientsFlattened, layerConf().maxGradNorm(), rows.step());
    metrics = measured.withGradNorm(norm);
    score = metrics.loss();
    gradientNanos = System.nanoTime();
    Gradient gradient = new DefaultGradient(gradientsFlattened);
    for (Map.Entry<String, INDArray> range : gradientViews.entrySet()) {
      gradient.setGradientFor(range.getKey(), range.getValue());
    }
    return new Pair<>(gradient, null);
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
  public double computeScore(
      double fullNetworkRegScore, boolean training, LayerWorkspaceMgr workspaceMgr) {
    return score; // weight decay is no part of the loss that TRL logs
  }

  @Override
  public double calcRegularizationScore(boolean backpropParamsOnly) {
    return 0; // saves a pass over all parameters
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public void setLabels(INDArray labels) {
    this.labels = labels;
  }

  @Override
  public INDArray getLabels() {
    return labels;
  }

  @Override
  public void clear() {
    super.clear();
    labels = null;
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
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaceMgr) {
    throw onlyTrains();
  }

  @Override
  public INDArray computeScoreForExamples(
      double fullNetworkRegScore, LayerWorkspaceMgr workspaceMgr) {
    throw onlyTrains();
  }

  @Override
  public Layer clone() {
    throw onlyTrains();
  }

  @Override
  public double f1Score(DataSet data) {
    throw onlyTrains();
  }

  @Override
  public double f1Score(INDArray examples, INDArray labels) {
    throw onlyTrains();
  }

  @Override
  @Deprecated // as DL4J's interface has it
  public int numLabels() {
    throw onlyTrains();
  }

  @Override
  public void fit(DataSetIterator iterator) {
    throw onlyTrains();
  }

  @Override
  public int[] predict(INDArray examples) {
    throw onlyTrains();
  }

  @Override
  public List<String> predict(DataSet data) {
    throw onlyTrains();
  }

  @Override
  public void fit(INDArray examples, INDArray labels) {
    throw onlyTrains();
  }

  @Override
  public void fit(DataSet data) {
    throw onlyTrains();
  }

  @Override
  public void fit(INDArray examples, int[] labels) {
    throw onlyTrains();
  }

  private static UnsupportedOperationException onlyTrains() {
    return new UnsupportedOperationException(
        "This layer trains and does nothing else; the score command evaluates, PEFT or transformers"
            + " generate");
  }
}
