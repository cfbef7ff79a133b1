package org.sparklora.spark.run;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.sparklora.spark.run.RunListener.Wish;

/**
 * A run's listener, and its wishes until the run has fulfilled them. The listener is asked for
 * wishes after each step, log row and checkpoint. For the training thread only.
 */
final class ListenerWishes {
  private final RunListener listener;
  private final Set<Wish> open = EnumSet.noneOf(Wish.class);

  ListenerWishes(RunListener listener) {
    this.listener = listener;
  }

  /** Reports a step; drops a wish for a log row that an earlier step left unfulfilled. */
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
    Stream.of(listener.wishes().split(" "))
        .filter(word -> !word.isEmpty())
        .map(word -> Wish.valueOf(word.toUpperCase(Locale.ROOT)))
        .forEach(open::add);
  }

  /** Whether the listener may want something after any step. */
  boolean mayCome() {
    return listener.mayWant();
  }

  /** Whether the listener has this wish; removes the wish, which the run fulfils then. */
  boolean take(Wish wish) {
    return open.remove(wish);
  }

  /** Whether the listener wants no further step. */
  boolean stop() {
    return open.contains(Wish.STOP);
  }
}
