package org.sparklora.spark.dl4j;

import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Tensor;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainingRows;
import org.sparklora.spark.workers.LocalWorkers;
import org.sparklora.spark.workers.Workers;

/**
 * The vectors of a DL4J network where an engine computes: parameters, a step's gradient, AdamW's
 * moments. DL4J owns their memory; the engine's pass over it takes the place of DL4J's four, which
 * clip, update, decay and subtract. On an engine of a device they stay there from step to step, and
 * come to DL4J's memory when it is asked for.
 *
 * <p>One to a network. Not thread-safe.
 */
final class NetworkVectors implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final DecoderLayerConf conf;
  private final FlatVector parameters;
  private final FlatVector moments; // the first of all parameters, then the second
  private final FlatVector gradient;
  private boolean isCleared = true; // the gradient; a step that ends clears it

  NetworkVectors(MultiLayerNetwork network, DecoderLayerConf conf) {
    this.network = network;
    this.conf = conf;
    List<INDArray> dl4j = memory(network);
    this.parameters = over(dl4j.get(0));
    this.moments = over(dl4j.get(1));
    INDArray zeros = network.getFlattenedGradients(); // made with the updater
    this.gradient = FlatVector.overZeros(DecoderLayer.address(zeros), zeros.length());
  }

  private static FlatVector over(INDArray vector) {
    return FlatVector.over(DecoderLayer.address(vector), vector.length());
  }

  /** A network's; the same ones at each call. */
  static NetworkVectors of(MultiLayerNetwork network) {
    return ((DecoderLayer) network.getLayer(0)).vectors(network);
  }

  private static List<INDArray> memory(MultiLayerNetwork network) {
    MultiLayerUpdater updater = (MultiLayerUpdater) network.getUpdater();
    if (updater.getUpdaterBlocks().size() != 1) {
      throw new IllegalStateException(
          "Deeplearning4j updates the parameters in %s parts, each with moments of its own"
              .formatted(updater.getUpdaterBlocks().size()));
    }
    return List.of(network.params(), updater.getStateViewArray());
  }

  /** Where a driver adds up what workers return: where they work, if that is this process. */
  Engine engine(Workers workers) {
    return workers instanceof LocalWorkers ? engine() : Engines.host();
  }

  private Engine engine() {
    return Engines.of(conf.model().engine());
  }

  /** The parameters. */
  FlatVector parameters() {
    return parameters;
  }

  /** AdamW's moments: the first of all parameters, then the second, {@code (2·P)}. */
  FlatVector moments() {
    return moments;
  }

  /** DL4J's arrays of parameters and moments as they are now, to be read and written. */
  List<INDArray> ofDl4j() {
    parameters.pointer();
    moments.pointer();
    List<INDArray> arrays = memory(network);
    arrays.forEach(DecoderLayer::address);
    return arrays;
  }

  /** The gradient of a step that begins: zeros, to be added to. */
  FlatVector beginGradient() {
    if (!isCleared) { // a gradient that nobody applied
      Engine engine = Engines.host();
      engine.fill(gradient.changingOn(engine), 0);
    }
    isCleared = false;
    return gradient;
  }

  /** Takes a step on rows, all of it where the model's engine computes. */
  StepMetrics step(StepRows rows, TrainingRows table) {
    StepMetrics measured;
    double squares;
    try (ExecutorModel model = ExecutorModel.of(conf.model())) {
      Arrival<StepMetrics> measuring = model.begin(rows, table, parameters, beginGradient());
      squares = squares(engine()); // a device is waited for once, for this and for those
      measured = measuring.await();
    }
    long started = System.nanoTime();
    int step = network.getLayerWiseConfigurations().getIterationCount();
    StepMetrics metrics = measured.withGradNorm(update(step, engine(), squares));
    ExecutorMeter.here().trained(0, System.nanoTime() - started);
    network.setScore(metrics.loss());
    return metrics;
  }

  /**
   * Clips the gradient and takes AdamW's step with it, at DL4J's learning rate.
   *
   * @param step from 0; DL4J's next iteration is the one after
   * @param engine who has the gradient
   * @return the gradient's norm before clipping
   * @throws org.sparklora.spark.train.NonFiniteLossException if it is not finite; parameters are as
   *     before
   */
  double update(int step, Engine engine) {
    return update(step, engine, squares(engine));
  }

  private double squares(Engine engine) {
    return engine.sumOfSquares(gradient.changingOn(engine));
  }

  private double update(int step, Engine engine, double squares) {
    Tensor sum = gradient.changingOn(engine);
    double norm = Math.sqrt(squares);
    double scale = GradientClip.scale(norm, conf.maxGradNorm(), step);
    AdamW adamW = ((TorchAdamW) conf.getIUpdater()).step(step, conf.decayedSize(), scale);
    Tensor both = moments.changingOn(engine);
    long size = parameters.size();
    engine.adamW(
        new AdamW.Vectors(
            parameters.changingOn(engine), sum, both.view(0, size), both.view(size, size)),
        adamW);
    isCleared = true;
    network.getLayerWiseConfigurations().setIterationCount(step + 1);
    return norm;
  }

  /** Frees what the engine has of them; DL4J's memory stays. */
  @Override
  public void close() {
    List.of(parameters, moments, gradient).forEach(FlatVector::close);
  }

  /** Frees all, DL4J's memory too. */
  void free() {
    close();
    memory(network).forEach(INDArray::close);
    network.getFlattenedGradients().close();
  }
}
