package org.sparklora.spark.dl4j;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;

/**
 * Where driver and executor are one JVM: parameters and gradients are handed over in place instead
 * of being serialised. Workers add to the one gradient in the order of their micro-batches, so the
 * sum is bit for bit that of one worker.
 *
 * <p>Thread-safe.
 */
final class GradientExchange implements AutoCloseable {
  private static final Map<String, GradientExchange> OPEN = new ConcurrentHashMap<>();

  private final String name = UUID.randomUUID().toString();
  private final Pointer parameters;
  private final Pointer gradient;
  private int nextMicroBatch;
  private boolean failed;

  private GradientExchange(Pointer parameters, Pointer gradient) {
    this.parameters = parameters;
    this.gradient = gradient;
  }

  /** Offers both vectors to this JVM's tasks for one step. */
  static GradientExchange open(Pointer parameters, Pointer gradient) {
    GradientExchange exchange = new GradientExchange(parameters, gradient);
    OPEN.put(exchange.name, exchange);
    return exchange;
  }

  String name() {
    return name;
  }

  /**
   * Takes both vectors back, after the micro-batch that is being added: a step that failed may have
   * tasks in progress, which must not write into memory that is another's by then.
   */
  @Override
  public synchronized void close() {
    OPEN.remove(name);
    failed = true;
    notifyAll();
  }

  /** The exchange of that name, if it was opened in this JVM. */
  static Optional<GradientExchange> find(String name) {
    return Optional.ofNullable(OPEN.get(name));
  }

  /** Waits for all earlier micro-batches, then adds the gradient of these. */
  synchronized StepMetrics accumulate(ExecutorModel model, StepRows rows)
      throws InterruptedException {
    // earlier micro-batches belong to earlier partitions, which Spark starts first: nobody waits
    // for a task without a slot
    while (nextMicroBatch != rows.firstMicroBatch() && !failed) {
      wait();
    }
    if (failed) {
      throw new IllegalStateException("Another worker of this step failed");
    }
    failed = true; // until it is done
    try {
      StepMetrics metrics = model.accumulate(rows, parameters, gradient);
      nextMicroBatch += rows.microBatches().size();
      failed = false;
      return metrics;
    } finally {
      notifyAll();
    }
  }
}
