package org.sparklora.spark.run;

import java.util.EnumSet;
import java.util.Set;
import org.sparklora.spark.run.RunListener.Wish;

/**
 * A run's listener, and what it wants of the run until the run has done it. The listener is asked
 * after each event that it is told of. For the thread that trains.
 */
final class ListenerWishes {
  private final RunListener listener;
  private final Set<Wish> open = EnumSet.noneOf(Wish.class);

  ListenerWishes(RunListener listener) {
    this.listener = listener;
  }

  void begun(int firstStep, int totalSteps) {
    listener.begun(firstStep, totalSteps);
  }

  /** A log row that was wanted after an earlier step, and did not come, is not wanted any more. */
  void stepped(int step, double epoch) {
    open.remove(Wish.LOG);
    listener.stepped(step, epoch);
    ask();
  }

  void logged(String row) {
    listener.logged(row);
    ask();
  }

  void saved(int step) {
    listener.saved(step);
    ask();
  }

  private void ask() {
    open.addAll(Wish.of(listener.wishes()));
  }

  /** Whether the listener may want something after any step. */
  boolean mayCome() {
    return listener.mayWant();
  }

  /** Whether it is wanted; the run does it then, and it is wanted no more. */
  boolean take(Wish wish) {
    return open.remove(wish);
  }

  /** Whether no further step is wanted. */
  boolean stop() {
    return open.contains(Wish.STOP);
  }
}
