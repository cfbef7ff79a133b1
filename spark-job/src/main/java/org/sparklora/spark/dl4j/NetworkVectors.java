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
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.FlatVector;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingRows;
import org.sparklora.spark.workers.LocalWorkers;
import org.sparklora.spark.workers.Workers;

/**
 * The vectors of a DL4J network for an engine: parameters, a step's gradient, AdamW's moments. DL4J
 * owns their memory; one pass of the engine replaces DL4J's four, which clip, update, decay and
 * subtract. A device keeps the vectors from step to step; they are copied to DL4J's memory when the
 * host reads them.
 *
 * <p>One instance per network. Not thread-safe.
 */
final class NetworkVectors implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final DecoderLayerConf conf;
  private final FlatVector parameters;
  private final FlatVector moments; // all first moments, then all second moments
  private final FlatVector gradient;
  private boolean isCleared = true; // whether the gradient is zeros; each completed step clears it

  NetworkVectors(MultiLayerNetwork network, DecoderLayerConf conf) {
    this.network = network;
    this.conf = conf;
    List<INDArray> dl4j = memory(network);
    this.parameters = over(dl4j.get(0));
    this.moments = over(dl4j.get(1));
    INDArray zeros = network.getFlattenedGradients(); // DL4J makes it together with the updater
    this.gradient = FlatVector.overZeros(DecoderLayer.address(zeros), zeros.length());
  }

  private static FlatVector over(INDArray vector) {
    return FlatVector.over(DecoderLayer.address(vector), vector.length());
  }

  /** The vectors of a network; each call returns the same instance. */
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

  /** The engine that adds up workers' results: the model's in local mode, else the host's. */
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

  /** AdamW's moments: all first moments, then all second moments, {@code (2·P)}. */
  FlatVector moments() {
    return moments;
  }

  /** DL4J's arrays of the current parameters and moments, for reading and writing. */
  List<INDArray> ofDl4j() {
    parameters.pointer();
    moments.pointer();
    List<INDArray> arrays = memory(network);
    arrays.forEach(DecoderLayer::address);
    return arrays;
  }

  /** Begins a step: returns the gradient, all zeros, to be added to. */
  FlatVector beginGradient() {
    if (!isCleared) { // the last step's gradient was never applied
      Engine engine = Engines.host();
      engine.fill(gradient.changingOn(engine), 0);
    }
    isCleared = false;
    return gradient;
  }

  /** Takes an optimizer step on rows, all on the model's engine. */
  StepMetrics step(StepRows rows, TrainingRows table) {
    StepMetrics measured;
    double squares;
    try (ExecutorModel model = ExecutorModel.of(conf.model())) {
      Arrival<StepMetrics> measuring = model.begin(rows, table, parameters, beginGradient());
      squares = squares(engine()); // waits for the device once, for squares and metrics together
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
   * Clips the gradient and takes AdamW's step, at DL4J's learning rate.
   *
   * @param step from 0; DL4J's iteration is {@code step + 1} afterwards
   * @param engine the engine that holds the gradient
   * @return the gradient's norm before clipping
   * @throws org.sparklora.train.NonFiniteLossException if the norm is not finite; the
   *     parameters stay unchanged
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

  /** Frees the engine's copies; DL4J's memory stays. */
  @Override
  public void close() {
    List.of(parameters, moments, gradient).forEach(FlatVector::close);
  }

  /** Frees the engine's copies and DL4J's memory. */
  void free() {
    close();
    memory(network).forEach(INDArray::close);
    network.getFlattenedGradients().close();
  }
}
