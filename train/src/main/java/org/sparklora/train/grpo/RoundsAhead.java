package org.sparklora.train.grpo;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
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

  /** The work of drawing a round, with the policy that draws; closed in the caller's thread. */
  public interface Drawing<T> extends AutoCloseable {
    T draw();

    @Override
    void close();
  }

  /**
   * @param <T> a round's completions
   */
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
    if (ahead == 0) {
      try (drawing) {
        return new Begun<>(CompletableFuture.completedFuture(drawing.draw()), () -> {});
      }
    }
    if (thread == null) {
      // made here, so that it has the caller's job group and pool in Spark
      thread = Executors.newSingleThreadExecutor(work -> new Thread(work, "draws-rounds"));
    }
    Callable<T> carried = Interruption.carried(drawing::draw);
    return new Begun<>(thread.submit(carried), drawing::close);
  }

  private static <T> T await(Future<T> round) {
    try {
      return round.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(Interruption.message());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
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
