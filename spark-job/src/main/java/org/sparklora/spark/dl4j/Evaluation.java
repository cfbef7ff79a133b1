package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.spark.train.EvalMetrics;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainingRows;
import org.sparklora.spark.workers.NamedJob;

/**
 * Measures the driver's parameters on rows that are not trained on. Workers take batches by turns;
 * the measurements are added up in the order of the batches, so their number changes nothing.
 */
public final class Evaluation {
  /** How many batches a task gets: enough to be worth its start, few enough for the driver. */
  private static final int BATCHES_PER_TASK = 16;

  private final JavaSparkContext spark;
  private final TrainedModel model;
  private final AdapterNetwork network;
  private final TrainingRows rows;
  private final int batchRows;
  private final int workers;

  /**
   * @param model what {@code network} was made for
   * @param rows at least one
   * @param batchRows {@code per_device_eval_batch_size}
   * @param workers how many evaluate at once
   */
  public Evaluation(
      JavaSparkContext spark,
      TrainedModel model,
      AdapterNetwork network,
      TrainingRows rows,
      int batchRows,
      int workers) {
    this.spark = spark;
    this.model = model;
    this.network = network;
    this.rows = rows;
    this.batchRows = batchRows;
    this.workers = workers;
  }

  /**
   * Evaluates all rows.
   *
   * @param step after which it is
   */
  public EvalMetrics run(int step) {
    NamedJob.name(spark, "step %d: evaluate %d rows".formatted(step, rows.count()));
    int batches = -Math.floorDiv(-rows.count(), batchRows);
    int[] rowsOfBatch =
        IntStream.range(0, batches)
            .map(batch -> Math.min(batchRows, rows.count() - batch * batchRows))
            .toArray();
    return EvalMetrics.of(inPlace() ? shared(batches) : broadcast(batches), rowsOfBatch);
  }

  private boolean inPlace() {
    return spark.isLocal() && spark.getConf().getBoolean(AveragingMaster.SHARED_MEMORY, true);
  }

  private List<StepMetrics> shared(int batches) {
    String name = UUID.randomUUID().toString();
    InPlace.SHARED.put(name, network.parameters());
    try {
      return inWaves(batches, new InPlace(model, name));
    } finally {
      InPlace.SHARED.remove(name);
    }
  }

  private List<StepMetrics> broadcast(int batches) {
    try (FlatVector copy = FlatVector.copyOf(network.parameters(), network.network().numParams())) {
      Broadcast<FlatVector> parameters = spark.broadcast(copy);
      try {
        return inWaves(batches, new OverWire(model, parameters));
      } finally {
        parameters.destroy();
      }
    }
  }

  /** The driver holds the rows of one wave at a time. */
  private List<StepMetrics> inWaves(
      int batches, FlatMapFunction<Iterator<int[]>, StepMetrics> task) {
    List<StepMetrics> measured = new ArrayList<>();
    int wave = workers * BATCHES_PER_TASK;
    for (int first = 0; first < batches; first += wave) {
      List<int[]> tasks = new ArrayList<>();
      int end = Math.min(first + wave, batches);
      int share = -Math.floorDiv(-(end - first), workers);
      for (int start = first; start < end; start += share) {
        tasks.add(encode(start, Math.min(start + share, end)));
      }
      JavaRDD<int[]> partitions = spark.parallelize(tasks, tasks.size());
      measured.addAll(partitions.mapPartitions(task).collect());
    }
    return measured;
  }

  private int[] encode(int firstBatch, int endBatch) {
    List<List<PackedSequence>> microBatches = new ArrayList<>();
    for (int batch = firstBatch; batch < endBatch; batch++) {
      int from = batch * batchRows;
      int to = Math.min(from + batchRows, rows.count());
      microBatches.add(IntStream.range(from, to).mapToObj(rows::row).toList());
    }
    return new StepRows(0, firstBatch, 1, false, microBatches).encode();
  }

  private static Iterator<StepMetrics> evaluate(
      TrainedModel model, Iterator<int[]> encoded, Pointer parameters) {
    List<StepMetrics> measured = new ArrayList<>();
    try (ExecutorModel here = ExecutorModel.of(model)) {
      while (encoded.hasNext()) {
        StepRows rows = StepRows.decode(encoded.next());
        measured.addAll(here.evaluate(rows, parameters));
      }
    }
    return measured.iterator();
  }

  /** An executor in the driver's JVM reads the driver's own parameters. */
  private record InPlace(TrainedModel model, String name)
      implements FlatMapFunction<Iterator<int[]>, StepMetrics> {
    private static final Map<String, Pointer> SHARED = new ConcurrentHashMap<>();

    @Override
    public Iterator<StepMetrics> call(Iterator<int[]> encoded) {
      return evaluate(model, encoded, SHARED.get(name));
    }
  }

  /** An executor elsewhere gets them once an evaluation. */
  private record OverWire(TrainedModel model, Broadcast<FlatVector> parameters)
      implements FlatMapFunction<Iterator<int[]>, StepMetrics> {

    @Override
    public Iterator<StepMetrics> call(Iterator<int[]> encoded) {
      return evaluate(model, encoded, parameters.value().pointer());
    }
  }
}
