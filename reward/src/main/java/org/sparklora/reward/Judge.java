package org.sparklora.reward;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.reward.math.dialect.Verdict;

/**
 * Judges a completion by several rewards; what the reward stage does with each row of a table.
 *
 * <p>Immutable, serialisable and thread-safe, as {@link Reward}s are.
 */
public final class Judge implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The verdict on a row without a completion. */
  static final String UNREADABLE = "unreadable";

  /** The verdict where a reward threw something. */
  static final String FAILED = "failed";

  private static final Logger LOG = LoggerFactory.getLogger(Judge.class);

  /** Failures are logged once a kind and JVM: a broken reward fails at every row. */
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private static final int MAX_MESSAGE = 200;
  private static final int MAX_FRAMES = 12;

  private final List<Reward> rewards;

  /**
   * @param rewards in the order of their columns
   */
  public Judge(List<Reward> rewards) {
    this.rewards = List.copyOf(rewards);
  }

  /**
   * What came of it.
   *
   * @param judgements one a reward
   * @param seconds it took
   */
  public record Result(List<Judgement> judgements, double seconds) implements Serializable {

    /** The first judgement that is a verdict, or the first. */
    public Judgement told() {
      return judgements.stream()
          .filter(judgement -> !judgement.verdict().equals("scored"))
          .findFirst()
          .orElse(judgements.get(0));
    }
  }

  /**
   * Judges. A completion that is missing, or at which a reward fails, is left unjudged and says so:
   * it ends no task. Only an interruption, by which Spark stops a task, goes through.
   */
  public Result judge(Optional<Completion> completion) {
    long start = System.nanoTime();
    List<Judgement> judgements =
        rewards.stream()
            .map(
                reward ->
                    completion
                        .map(present -> judge(reward, present))
                        .orElseGet(
                            () ->
                                new Judgement(
                                    Double.NaN, UNREADABLE, "no completion in the row", "", "")))
            .toList();
    return new Result(judgements, (System.nanoTime() - start) / 1e9);
  }

  private static Judgement judge(Reward reward, Completion completion) {
    try {
      return Objects.requireNonNull(reward.judge(completion), "the reward returned null");
    } catch (RuntimeException | AssertionError | LinkageError failure) {
      if (Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      return failed(reward, failure);
    } catch (StackOverflowError | OutOfMemoryError failure) {
      // Both leave the JVM as it was once the verdict's own frames and objects are gone; Spark
      // would take them for the end of the executor.
      return failed(reward, failure);
    }
  }

  private static Judgement failed(Reward reward, Throwable failure) {
    String reason = Verdict.failed(failure);
    if (LOGGED.add(reward.name() + reason)) {
      // Of a full stack the first frames say all.
      StackTraceElement[] frames = failure.getStackTrace();
      failure.setStackTrace(Arrays.copyOf(frames, Math.min(MAX_FRAMES, frames.length)));
      LOG.warn(
          "Reward {} failed at a completion, which is left unjudged; further failures of this kind are counted only",
          reward.name(),
          failure);
    }
    String message = String.valueOf(failure.getMessage());
    String shown = message.substring(0, Math.min(MAX_MESSAGE, message.length()));
    return new Judgement(Double.NaN, FAILED, reason, "", shown);
  }
}
