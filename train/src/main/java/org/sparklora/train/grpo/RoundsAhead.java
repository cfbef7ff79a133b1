package org.sparklora.train.grpo;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.sparklora.pipeline.run.Interruption;

/**
 * Draws rounds before they are trained on. When round n is needed, the drawing of round n + k
 * begins, from the policy as it is then, in a thread that draws one round after the other. So the
 * policy of a round does not depend on how long drawing and training take, and a run can be
 * repeated. With k = 0 a round is drawn when it is needed, in the caller's thread.
 *
 * <p>Not thread-safe.
 *
 * @param <T> a round's completions
 */
public final class RoundsAhead<T> implements AutoCloseable {

  /** The work of drawing a round; {@code end} frees the drawing policy, in the caller's thread. */
  public record Drawing<T>(Supplier<T> draw, Runnable end) {}

  private record Begun<T>(Future<T> completions, Runnable end) {}

  private final int ahead;
  private final int end;
  private final IntFunction<Drawing<T>> drawings;
  private final SortedMap<Integer, Begun<T>> begun = new TreeMap<>();
  private ExecutorService thread; // null until a round is drawn ahead

  /**
   * @param ahead k
   * @param end number of the first round that is not needed
   * @param drawings makes the work of drawing a round from the policy at the time of the call
   * @param drawn rounds that were drawn ahead before, by number
   */
  public RoundsAhead(
      int ahead, int end, IntFunction<Drawing<T>> drawings, SortedMap<Integer, T> drawn) {
    this.ahead = ahead;
    this.end = end;
    this.drawings = drawings;
    drawn.forEach(
        (number, round) ->
            begun.put(number, new Begun<>(CompletableFuture.completedFuture(round), () -> {})));
  }

  /** A round's completions; rounds are asked for in order. */
  public T next(int number) {
    int first = begun.isEmpty() ? number : begun.lastKey() + 1;
    for (int round = first; round <= number || round <= number + ahead && round < end; round++) {
      begun.put(round, begin(drawings.apply(round)));
    }
    Begun<T> wanted = begun.get(number);
    T completions = await(wanted.completions);
    begun.remove(number);
    wanted.end.run();
    return completions;
  }

  /** The completions of all rounds that were begun, by number, once they are drawn. */
  public SortedMap<Integer, T> drawn() {
    SortedMap<Integer, T> drawn = new TreeMap<>();
    begun.forEach((number, round) -> drawn.put(number, await(round.completions)));
    return drawn;
  }

  private Begun<T> begin(Drawing<T> drawing) {
    FutureTask<T> completions = new FutureTask<>(Interruption.carried(drawing.draw::get));
    if (ahead > 0 && thread == null) {
      // made here, so that it has the caller's job group and pool in Spark
      thread = Executors.newSingleThreadExecutor(work -> new Thread(work, "draws-rounds"));
    }
    if (ahead > 0) {
      thread.execute(completions);
    } else {
      completions.run();
    }
    return new Begun<>(completions, drawing.end);
  }

  private static <T> T await(Future<T> round) {
    try {
      return round.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(Interruption.message());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // a Supplier throws no others
    }
  }

  /** Stops drawing, and frees the policies of rounds that were not asked for. */
  @Override
  public void close() {
    boolean interrupted = false;
    if (thread != null) {
      thread.shutdownNow();
      while (!thread.isTerminated()) {
        try {
          thread.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    begun.values().forEach(left -> left.end.run());
    begun.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
