package org.sparklora.spark.dl4j;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.train.RowOrder;
import org.sparklora.train.RowsInMemory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.OuterOptimizer;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.Workers;

/** An adapter of a tiny model for several workers to train, and the rows of their steps. */
record TinyAdapter(TrainedModel model) {
  private static final int MOST_WORKERS = 8;
  private static final int MOST_STEPS = 4;

  /** An adapter of the tiny model in a folder. */
  static TinyAdapter of(Path checkpoint) {
    return new TinyAdapter(
        TrainedModel.adapter(
            TestModels.source(checkpoint),
            new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("all-linear"))),
            Precision.FLOAT32,
            true,
            42));
  }

  /** A new network, initialised alike each time. */
  TrainedNetwork network(int totalSteps) {
    return network(totalSteps, 1e-3);
  }

  /** The same with another learning rate. */
  TrainedNetwork network(int totalSteps, double learningRate) {
    OptimizerConfig optimizer = new OptimizerConfig(learningRate, 0.9, 0.999, 1e-8, 0.01, 1.0);
    TrainedNetwork network =
        TrainedNetwork.create(
            model, optimizer, new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0), totalSteps);
    ((AdapterLayout) model.layout()).initialize(parameters(network), 1);
    return network;
  }

  /** Its trained parameters, where the network has them. */
  Tensor parameters(TrainedNetwork network) {
    return Engines.host().alias(network.vectors().parameters(), model.layout().size()).tensor();
  }

  /** Rounds of a network in which workers train on {@link #rows}. */
  ParameterAveraging averaging(
      Workers workers, TrainedNetwork network, AveragingSettings settings) {
    return new ParameterAveraging(workers, model, network, rows(), plan(), settings);
  }

  /** Worker w's row of step s is number {@code MOST_STEPS · w + s}; all differ. */
  static TrainingRows rows() {
    List<PackedSequence> rows = new ArrayList<>();
    for (int worker = 0; worker < MOST_WORKERS; worker++) {
      for (int step = 0; step < MOST_STEPS; step++) {
        int[] tokens = new int[12];
        for (int i = 0; i < tokens.length; i++) {
          tokens[i] = (31 * i + 7 * worker + (step < 2 ? 3 * step : 3 * step - 4)) % 500;
        }
        rows.add(new PackedSequence(tokens, tokens, new int[] {tokens.length}));
      }
    }
    return RowsInMemory.of(rows);
  }

  /** DL4J's averages: the plain mean of parameters and moments. */
  static AveragingSettings mean(int frequency, VectorType onWire) {
    return new AveragingSettings(
        frequency, OuterOptimizer.Settings.AVERAGE, false, false, onWire, 0);
  }

  /** A plan of the rows for two workers, which take two rows each in a step. */
  static TrainingPlan plan() {
    return new TrainingPlan(MOST_WORKERS * MOST_STEPS, 1, 2, 2, 1, 0, RowOrder.SEQUENTIAL, 1);
  }

  /** Two steps for each worker; worker w's rows differ from the others'. */
  static List<List<StepRows>> round(int workers, int firstStep) {
    List<List<StepRows>> round = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<StepRows> steps = new ArrayList<>();
      for (int step = firstStep; step < firstStep + 2; step++) {
        int[] row = {MOST_STEPS * worker + step};
        steps.add(new StepRows(step, 0, 11, List.of(row)));
      }
      round.add(steps);
    }
    return round;
  }
}
