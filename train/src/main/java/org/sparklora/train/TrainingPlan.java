package org.sparklora.train;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Assigns rows to optimizer steps, as transformers' trainer does: an epoch's rows are cut into
 * micro-batches of {@code microBatchRows}; each of {@code workers} workers takes every {@code
 * workers}-th micro-batch; a step is {@code accumulation} micro-batches of every worker, and the
 * last step of an epoch uses the rest.
 *
 * <p>Immutable and thread-safe. Only one epoch's order is held at a time.
 *
 * @param microBatchRows {@code per_device_train_batch_size}
 * @param accumulation {@code gradient_accumulation_steps}
 * @param workers number of workers with micro-batches of their own; 1 if all share one global batch
 * @param requestedEpochs {@code num_train_epochs}; may be a fraction
 * @param maxSteps {@code max_steps}; if 0 or less, {@code requestedEpochs} decides
 * @param seed {@code data_seed}, or {@code seed}
 */
public record TrainingPlan(
    int rowCount,
    int microBatchRows,
    int accumulation,
    int workers,
    double requestedEpochs,
    int maxSteps,
    RowOrder order,
    long seed)
    implements Serializable {

  public TrainingPlan {
    if (rowCount < 1) {
      throw new IllegalArgumentException(
          "Cannot train on %s rows: the dataset is empty after preparation".formatted(rowCount));
    }
    int perEpoch = ceilDiv(ceilDiv(ceilDiv(rowCount, microBatchRows), workers), accumulation);
    double steps = maxSteps > 0 ? maxSteps : Math.ceil(requestedEpochs * perEpoch);
    ConfigException.require(
        steps <= Integer.MAX_VALUE,
        Flags.NUM_TRAIN_EPOCHS,
        requestedEpochs,
        String.format(
            Locale.ROOT,
            "that is %.3g steps, and a run has at most %,d; 1 to 10 epochs are usual",
            steps,
            Integer.MAX_VALUE));
  }

  public int totalSteps() {
    return maxSteps > 0 ? maxSteps : (int) Math.ceil(requestedEpochs * stepsPerEpoch());
  }

  public int stepsPerEpoch() {
    return ceilDiv(microStepsPerEpoch(), accumulation);
  }

  /** Number of epochs begun, as counted in {@code trainer_state.json}. */
  public int epochs() {
    return maxSteps > 0 ? ceilDiv(maxSteps, stepsPerEpoch()) : (int) Math.ceil(requestedEpochs);
  }

  /** Rows that the run trains on, as counted for {@code train_samples_per_second}. */
  public double samples() {
    return maxSteps > 0
        ? (double) maxSteps * microBatchRows * accumulation * workers
        : rowCount * requestedEpochs;
  }

  /** Number of micro-batches of one worker before a step. */
  public int microStepsBefore(int step) {
    int epoch = step / stepsPerEpoch();
    int inEpoch = (step - epoch * stepsPerEpoch()) * accumulation;
    long all = (long) epoch * microStepsPerEpoch() + inEpoch;
    ConfigException.require(
        all <= Integer.MAX_VALUE,
        Flags.GRADIENT_ACCUMULATION_STEPS,
        accumulation,
        "%s steps then have %s micro-batches, and a run at most %s; lower --%s or --%s"
            .formatted(step, all, Integer.MAX_VALUE, Flags.MAX_STEPS, Flags.NUM_TRAIN_EPOCHS));
    return (int) all;
  }

  /** The epoch after {@code steps} steps, at least 1, with its fraction. */
  double epochAfter(int steps) {
    int epoch = (steps - 1) / stepsPerEpoch();
    int inEpoch = (steps - epoch * stepsPerEpoch()) * accumulation;
    return epoch + (double) Math.min(inEpoch, microStepsPerEpoch()) / microStepsPerEpoch();
  }

  /** The steps {@code [from, to)}. */
  public List<Step> steps(int from, int to) {
    List<Step> steps = new ArrayList<>();
    int heldEpoch = -1;
    int[] rows = {};
    for (int number = from; number < Math.min(to, totalSteps()); number++) {
      int epoch = number / stepsPerEpoch();
      if (epoch != heldEpoch) {
        rows = order.rows(rowCount, seed, epoch);
        heldEpoch = epoch;
      }
      steps.add(step(number, epoch, rows));
    }
    return steps;
  }

  private Step step(int number, int epoch, int[] rows) {
    int first = (number - epoch * stepsPerEpoch()) * accumulation;
    int last = Math.min(first + accumulation, microStepsPerEpoch());
    List<List<int[]>> byWorker = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<int[]> microBatches = new ArrayList<>();
      for (int microStep = first; microStep < last; microStep++) {
        long before = ((long) microStep * workers + worker) * microBatchRows;
        int start = (int) Math.min(before, rowCount);
        int end = (int) Math.min(before + microBatchRows, rowCount);
        if (start < end) { // the last micro-step of an epoch may leave workers without rows
          microBatches.add(Arrays.copyOfRange(rows, start, end));
        }
      }
      byWorker.add(List.copyOf(microBatches));
    }
    return new Step(number, epochAfter(number + 1), List.copyOf(byWorker));
  }

  private int microStepsPerEpoch() {
    return ceilDiv(ceilDiv(rowCount, microBatchRows), workers);
  }

  private static int ceilDiv(int dividend, int divisor) {
    return -Math.floorDiv(-dividend, divisor);
  }

  /**
   * One optimizer step.
   *
   * @param number number of the step, from 0
   * @param epochAfter the epoch after the step, with its fraction
   * @param microBatches for each worker the rows of each micro-batch; some workers may have none
   */
  public record Step(int number, double epochAfter, List<List<int[]>> microBatches) {}
}
