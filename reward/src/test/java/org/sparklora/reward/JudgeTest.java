package org.sparklora.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.table.Verdict;

class JudgeTest {

  /** Fails in a way of its own at completions that hold "bad". */
  record Failing(Supplier<Throwable> failure) implements Reward {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      if (completion.text().contains("bad")) {
        sneak(failure.get());
      }
      return Judgement.scored(0.5, "fine");
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
      throw (T) failure;
    }
  }

  private static Judgement judged(Reward reward, String text) {
    return new Judge(List.of(reward))
        .judge(Optional.of(RewardInput.of(text, "5")))
        .judgements()
        .get(0);
  }

  @Test
  void aFailureOfARewardIsThatCompletionsOwn() {
    List<Supplier<Throwable>> failures =
        List.of(
            StackOverflowError::new,
            OutOfMemoryError::new,
            () -> new IllegalStateException("no such place"),
            () -> new AssertionError("never"),
            () -> new NoClassDefFoundError("org/else/Where"));
    for (Supplier<Throwable> failure : failures) {
      Failing reward = new Failing(failure);
      Judgement bad = judged(reward, "bad");
      assertThat(bad.isJudged()).isFalse();
      assertThat(bad.verdict()).isEqualTo(Verdict.FAILED);
      assertThat(bad.reason())
          .isEqualTo("judging failed: " + failure.get().getClass().getSimpleName());
      assertThat(judged(reward, "good").reward()).isEqualTo(0.5);
    }
    assertThat(judged(new Failing(failures.get(2)), "bad").answerParsed())
        .isEqualTo("no such place");
  }

  /** Answers every completion in the same way. */
  record Answering(Supplier<Judgement> answer) implements Reward {
    @Override
    public String name() {
      return "answering";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return answer.get();
    }
  }

  @Test
  void aRewardThatReturnsNothingHasFailed() {
    List<Supplier<Judgement>> answers =
        List.of(
            () -> null,
            () -> new Judgement(1, Verdict.SCORED, null, null, null),
            () -> new Judgement(1, Verdict.SCORED, "scored", "", null),
            () -> new Judgement(1, null, "scored", "", ""));
    for (Supplier<Judgement> answer : answers) {
      Judge.Result result =
          new Judge(List.of(new Answering(answer))).judge(Optional.of(RewardInput.of("text", "5")));
      assertThat(result.rewards()).containsExactly(Double.NaN);
      assertThat(result.told().verdict()).isEqualTo(Verdict.FAILED);
      assertThat(result.told().reason()).isEqualTo("judging failed: NullPointerException");
    }
  }

  @Test
  void anInfiniteRewardLeavesItsCompletionUnjudged() {
    Judgement infinite =
        judged(new Answering(() -> Judgement.scored(1 / 0.0, "ratio of no words")), "text");
    assertThat(infinite.isJudged()).isFalse();
    assertThat(infinite.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(infinite.answerParsed()).contains("Infinity", "must be finite");
  }

  @Test
  void anInterruptedTaskIsStoppedAllTheSame() {
    Failing reward = new Failing(() -> new IllegalStateException("stopped"));
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> judged(reward, "bad")).isInstanceOf(IllegalStateException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
