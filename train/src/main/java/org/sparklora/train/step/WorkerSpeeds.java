package org.sparklora.train.step;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.train.StepRows;

/**
 * {@code --deal_by_speed}: deals the batches of a round to workers in proportion to their speeds at
 * the end of their last rounds, so that all end at about the same time. Not thread-safe.
 */
public final class WorkerSpeeds {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerSpeeds.class);
  private static final double UNKNOWN = 0;

  private final double[] speeds; // batches a second

  /** Begins with equal speeds. */
  public WorkerSpeeds(int workers) {
    this.speeds = new double[workers];
  }

  /** Notes a worker's mean duration of a step. */
  public void measured(int worker, double stepSeconds) {
    speeds[worker] = 1 / stepSeconds;
  }

  /** A worker was left out of a round: it counts as half as fast until it is measured again. */
  public void leftOut(int worker) {
    speeds[worker] = speed(worker) / 2;
  }

  /** A worker's speed, or the mean of the measured ones. */
  private double speed(int worker) {
    return speeds[worker] != UNKNOWN
        ? speeds[worker]
        : Arrays.stream(speeds).filter(one -> one != UNKNOWN).average().orElse(1);
  }

  /**
   * Deals all batches of a round, in their order, so that each worker's share of the batches so far
   * follows its speed. Each worker gets at least one batch if there are enough.
   *
   * @param round for each worker its batches by the plan
   */
  public List<List<StepRows>> deal(List<List<StepRows>> round) {
    List<StepRows> batches =
        round.stream()
            .flatMap(List::stream)
            .sorted(Comparator.comparingInt(StepRows::step))
            .toList();
    int[] counts = counts(batches.size());
    LOG.info("Workers take {} batches, by speed", Arrays.toString(counts));
    List<List<StepRows>> dealt = new ArrayList<>();
    round.forEach(worker -> dealt.add(new ArrayList<>()));
    for (StepRows batch : batches) {
      next(dealt, counts).add(batch);
    }
    return dealt;
  }

  /** Numbers of batches: one each, and each further one to the worker that would end it first. */
  private int[] counts(int batches) {
    int[] counts = new int[speeds.length];
    for (int dealt = 0; dealt < batches; dealt++) {
      int next =
          IntStream.range(0, counts.length)
              .boxed()
              .max(
                  Comparator.comparingDouble(
                      w -> counts[w] == 0 ? Double.MAX_VALUE : speed(w) / (counts[w] + 1)))
              .orElseThrow();
      counts[next]++;
    }
    return counts;
  }

  private static List<StepRows> next(List<List<StepRows>> dealt, int[] counts) {
    return IntStream.range(0, counts.length)
        .filter(worker -> dealt.get(worker).size() < counts[worker])
        .boxed()
        .min(
            Comparator.comparingDouble(worker -> (dealt.get(worker).size() + 0.5) / counts[worker]))
        .map(dealt::get)
        .orElseThrow();
  }
}
