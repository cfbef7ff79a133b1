package org.sparklora.spark.run;

/**
 * Hears of a training run, in the thread that trains. What it throws ends the run, as any failure
 * does: the last checkpoint stays.
 */
public interface RunListener {
  /**
   * The first step is about to be taken.
   *
   * @param firstStep from 0; more where the run goes on from a checkpoint
   * @param totalSteps of the whole run
   */
  void begun(int firstStep, int totalSteps);

  /**
   * A row was logged.
   *
   * @param row as it stands in {@code metrics.jsonl}: JSON
   */
  void logged(String row);

  /** Nobody. */
  static RunListener none() {
    return new RunListener() {
      @Override
      public void begun(int firstStep, int totalSteps) {}

      @Override
      public void logged(String row) {}
    };
  }
}
