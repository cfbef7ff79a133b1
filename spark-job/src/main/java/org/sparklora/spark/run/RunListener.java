package org.sparklora.spark.run;

/**
 * Receives the events of a training run, in the training thread, and may have wishes. An exception
 * of the listener ends the run, as any failure does: the last checkpoint stays.
 */
public interface RunListener {
  /** An action that a listener may want of a run. */
  enum Wish {
    /** A log row after this step. */
    LOG,
    /** An evaluation after this step. */
    EVALUATE,
    /** A checkpoint after this step. */
    SAVE,
    /** No further step: the results are those of the last one, or of the best checkpoint. */
    STOP
  }

  /**
   * Whether the listener may have wishes. A single worker then takes its steps one by one; several
   * workers, which average their parameters every few steps, report these steps, and fulfil wishes,
   * after the last of them.
   */
  default boolean mayWant() {
    return false;
  }

  /** The run resumes at this {@code trainer_state.json}; {@link #begun} follows. */
  default void resumed(String state) {}

  /**
   * The first step is about to be taken.
   *
   * @param firstStep from 0; above 0 if the run resumes from a checkpoint
   * @param totalSteps of the whole run
   */
  default void begun(int firstStep, int totalSteps) {}

  /**
   * A step was taken. Its log row, evaluation and checkpoint follow if they are due.
   *
   * @param step its number, from 1
   * @param epoch epochs after this step, with the fraction
   */
  default void stepped(int step, double epoch) {}

  /** A row was logged: JSON, as in {@code metrics.jsonl}. */
  default void logged(String row) {}

  /** The checkpoint {@code checkpoint-STEP} was saved. */
  default void saved(int step) {}

  /**
   * The listener's wishes, asked for after each step, log row and checkpoint.
   *
   * @return names of {@link Wish} in lower case, with blanks between them
   */
  default String wishes() {
    return "";
  }

  /** Ignores every event. */
  static RunListener none() {
    return new RunListener() {};
  }
}
