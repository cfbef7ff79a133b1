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
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;

/**
 * Judges a completion by several rewards: the core of the reward stage, for tables of any size and
 * for rounds of training.
 *
 * <p>Immutable, serialisable and thread-safe, as {@link Reward}s are.
 *
 * @param rewards in the order of their columns
 */
public record Judge(List<Reward> rewards) implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Judge.class);

  /** Kinds of failures already logged in this JVM: a broken reward fails at every row. */
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private static final int MAX_MESSAGE = 200;
  private static final int MAX_FRAMES = 12;

  public Judge {
    rewards = List.copyOf(rewards);
  }

  /**
   * The judgements on one completion.
   *
   * @param judgements one per reward
   * @param seconds spent judging
   */
  public record Result(List<Judgement> judgements, double seconds) implements Serializable {

    /** One per reward, {@code (F)}; NaN: not judged. */
    public double[] rewards() {
      return judgements.stream().mapToDouble(Judgement::reward).toArray();
    }

    /** The first judgement with a verdict other than {@code SCORED}, else the first. */
    public ScoredGeneration.Judged told() {
      Judgement told =
          judgements.stream()
              .filter(judgement -> judgement.verdict() != Verdict.SCORED)
              .findFirst()
              .orElse(judgements.get(0));
      return new ScoredGeneration.Judged(
          told.verdict(), told.reason(), told.goldParsed(), told.answerParsed(), seconds);
    }
  }

  /**
   * Judges a completion. If it is missing, or a reward fails on it, it is left unjudged with a
   * reason, and the task continues. A failure in a thread that Spark has interrupted is rethrown.
   */
  public Result judge(Optional<RewardInput> completion) {
    long start = System.nanoTime();
    List<Judgement> judgements = rewards.stream().map(reward -> judge(reward, completion)).toList();
    return new Result(judgements, (System.nanoTime() - start) / 1e9);
  }

  private static Judgement judge(Reward reward, Optional<RewardInput> completion) {
    if (completion.isEmpty()) {
      return Judgement.of(Verdict.UNREADABLE, "no completion in the row", "", "");
    }
    try {
      return Objects.requireNonNull(reward.judge(completion.get()), "the reward returned null");
    } catch (RuntimeException | AssertionError | LinkageError failure) {
      if (Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      return failed(reward, failure);
    } catch (StackOverflowError | OutOfMemoryError failure) {
      // Either error leaves the JVM intact once the verdict's frames and objects are gone; Spark
      // would end the executor.
      return failed(reward, failure);
    }
  }

  private static Judgement failed(Reward reward, Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    Judgement failed =
        Judgement.failed(failure, message.substring(0, Math.min(MAX_MESSAGE, message.length())));
    if (LOGGED.add(reward.name() + failed.reason())) {
      // The first frames of an overflowing stack tell enough.
      StackTraceElement[] frames = failure.getStackTrace();
      failure.setStackTrace(Arrays.copyOf(frames, Math.min(MAX_FRAMES, frames.length)));
      LOG.warn(
          "Reward {} failed at a completion, which is left unjudged; further failures of this kind are counted only",
          reward.name(),
          failure);
    }
    return failed;
  }
}
