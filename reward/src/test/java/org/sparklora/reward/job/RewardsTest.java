package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.AnswerVotes;
import org.sparklora.reward.math.AnswerVotes.Voted;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

class RewardsTest {

  /** These functions with weight 1 each, and the default dialect, budget and lengths. */
  static RewardConfig.Functions functions(String... names) {
    return new RewardConfig.Functions(
        List.of(names),
        Collections.nCopies(names.length, 1.0),
        Dialect.MATH_VERIFY,
        MathReward.DEFAULT_BUDGET_MILLIS,
        OverlongPunishment.ofTrlScript(),
        Set.of());
  }

  private static Reward reward(String name) {
    return Rewards.named(name, Dialect.MATH_VERIFY, 1000, new OverlongPunishment(100, 20));
  }

  private static double judge(String name, String completion, String solution) {
    return reward(name).judge(RewardInput.of(completion, solution)).reward();
  }

  /** Cases of lm-evaluation-harness's filters and metric, with its quirk of the last digit. */
  @Test
  void exactMatchIsThatOfTheHarness() {
    String name = "exact_match_reward";
    String solution = "48/2 = <<48/2=24>>24\n#### 1,072";
    assertThat(judge(name, " 1000 + 72\n#### 1072.\n\nQuestion: 2?\n#### 2", solution))
        .isEqualTo(1);
    assertThat(judge(name, "So it is. The answer is 1,072. And 5.", solution)).isEqualTo(1);
    assertThat(judge(name, "#### 3\n#### 1072", solution)).isEqualTo(0);
    assertThat(judge(name, "The answer is 1000+72.\n#### 1072", solution)).isEqualTo(1);
    assertThat(judge(name, "It is 1072", solution)).isEqualTo(0);
    assertThat(judge(name, "5 Question: How many?\nAnswer: #### 1072", solution)).isEqualTo(0);
    assertThat(judge(name, "The answer is 1072", solution)).isEqualTo(0);
    assertThat(judge(name, "#### $1072", solution)).isEqualTo(0);
    assertThat(judge(name, "#### -4", "-4")).isEqualTo(1);
    assertThat(judge(name, "#### 4", "")).isNaN();
  }

  @Test
  void theGuidesRewardIgnoresThinking() {
    String name = "strip_reasoning_accuracy_reward";
    assertThat(judge(name, "<think>\\boxed{4}</think> The answer is $\\boxed{5}$.", "5"))
        .isEqualTo(1);
    assertThat(judge(name, "<think>\\boxed{5}</think> The answer is 5", "5")).isEqualTo(0);
    assertThat(judge(name, "$\\boxed{5}$", "")).isNaN();
  }

  @Test
  void aMistypedNameIsAnsweredWithTheNearest() {
    assertThatThrownBy(() -> reward("acuracy_reward"))
        .hasMessageContaining("did you mean accuracy_reward? it is none of strip_");
    assertThatThrownBy(() -> reward("com.example.Mine")).hasMessageNotContaining("did you mean");
  }

  @Test
  void accuracyRewardReadsSolutionsWithoutDelimiters() {
    String third = "\\frac{1}{3}";
    assertThat(judge("accuracy_reward", "My answer is \\boxed{\\frac{1}{3}}", third)).isEqualTo(1);
    assertThat(judge("accuracy_reward", "My answer is \\boxed{\\frac{1}{2}}", third)).isEqualTo(0);
    assertThat(judge("accuracy_reward", "My answer is \\boxed{1/3}", "1/3")).isEqualTo(1);
    assertThat(judge("accuracy_reward", "My answer is \\boxed{2018}", "2024-01-05")).isEqualTo(0);
    assertThat(judge("accuracy_reward", "My answer is \\boxed{2024}", "2024-01-05")).isEqualTo(1);
  }

  @Test
  void reasoningAccuracyPunishesThinkingThatDoesNotEnd() {
    String name = "reasoning_accuracy_reward";
    String third = "\\frac{1}{3}";
    assertThat(judge(name, "<think>so</think> It is \\boxed{\\frac{1}{3}}", third)).isEqualTo(1);
    assertThat(judge(name, "<think>so</think> It is \\boxed{\\frac{1}{2}}", third)).isEqualTo(0);
    assertThat(judge(name, "<think>so \\boxed{\\frac{1}{3}} but", third)).isEqualTo(0);
    RewardInput unsolved =
        new RewardInput("<think>so", Optional.empty(), OptionalInt.empty(), Map.of());
    assertThat(reward(name).judge(unsolved).reward()).isEqualTo(0);
  }

  @Test
  void theSoundDialectReadsTheAnswerAfterThinkingToo() {
    Reward sound =
        Rewards.named(
            "reasoning_accuracy_reward", Dialect.SOUND, 1000, new OverlongPunishment(100, 20));
    assertThat(sound.judge(RewardInput.of("so </think> \\boxed{5}", "5")).reward()).isEqualTo(1);
    assertThat(sound.judge(RewardInput.of("<think>so \\boxed{5}", "5")).reward()).isEqualTo(0);
    assertThat(sound.judge(RewardInput.of("\\boxed{5} </think> No idea.", "5")).reward())
        .isEqualTo(0);
  }

  @Test
  void gsm8kSolutionsStandAfterFourHashes() {
    assertThat(judge("gsm8k_reward", "So it is \\boxed{72}.", "48/2 = 24\n48+24 = 72\n#### 72"))
        .isEqualTo(1);
  }

  @Test
  void thinkFormatWantsOneClosedThoughtAtTheStart() {
    String name = "think_format_reward";
    assertThat(judge(name, "<think>\na\n</think>\nb", "")).isEqualTo(1);
    assertThat(judge(name, "<think>\na\nb", "")).isEqualTo(0);
    assertThat(judge(name, "<think>a<think>b</think>", "")).isEqualTo(0);
    assertThat(judge(name, " <think>a</think>", "")).isEqualTo(0);
  }

  @Test
  void overlongCompletionsArePunishedOnASlope() {
    Reward reward = reward("get_soft_overlong_punishment");
    assertThat(reward.judge(ofLength(80)).reward()).isEqualTo(0);
    assertThat(reward.judge(ofLength(90)).reward()).isEqualTo(-0.5);
    assertThat(reward.judge(ofLength(101)).reward()).isEqualTo(-1);
    assertThat(reward.judge(RewardInput.of("", "")).isJudged()).isFalse();
  }

  private static RewardInput ofLength(int tokens) {
    return new RewardInput("", Optional.empty(), OptionalInt.of(tokens), Map.of());
  }

  @Test
  void takesAUsersClassByName() {
    assertThat(judge(LengthReward.class.getName(), "four", "")).isEqualTo(4);
  }

  /** Stands for a class that a user ships. */
  public static final class LengthReward implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "length";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.scored(completion.text().length(), "counted");
    }
  }

  /** Has the name of another class's reward. */
  public static final class Namesake implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "length";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.scored(0, "never");
    }
  }

  @Test
  void twoRewardsOfOneNameAreRefused() {
    String[] names = {LengthReward.class.getName(), Namesake.class.getName()};
    assertThatThrownBy(() -> functions(names).rewards())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("reward_funcs = " + names[1])
        .hasMessageContaining("another reward has the name length too")
        .hasMessageContaining("return another name from name()");
  }

  /** Fails before it can judge. */
  public static final class Unready implements Reward {
    private static final long serialVersionUID = 1L;

    public Unready() {
      throw new IllegalStateException("no word list");
    }

    @Override
    public String name() {
      return "unready";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.scored(0, "never");
    }
  }

  @Test
  void aFailingConstructorIsTheCause() {
    assertThatThrownBy(() -> reward(Unready.class.getName()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("its constructor failed")
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("no word list");
  }

  @Test
  void rewardsThatCompareWithSolutionsNeedThem() {
    for (String name : new String[] {Rewards.DEFAULT, "exact_match_reward"}) {
      RewardConfig.Functions functions = functions("think_format_reward", name);
      functions.requireSolutions(true, "there is none");
      assertThatThrownBy(() -> functions.requireSolutions(false, "there is none"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("reward_funcs = " + name)
          .hasMessageContaining("there is none");
    }
  }

  private static List<List<Integer>> voters(List<String> completions, String... names) {
    return AnswerVotes.of(functions(names).votes(), completions).answers().stream()
        .map(Voted::voters)
        .toList();
  }

  @Test
  void completionsVoteForTheAnswersThatTheirRewardFinds() {
    List<String> harness =
        List.of("40+2\n#### 42", "#### 41", "#### 42.\n\nQuestion: 1?\n#### 41", "42");
    assertThat(voters(harness, "think_format_reward", "exact_match_reward"))
        .containsExactly(List.of(0, 2), List.of(1));
    List<String> thoughts =
        List.of("\\boxed{x+1}", "</think> $\\boxed{x+1}$", "so </think> $\\boxed{1+x}$");
    assertThat(voters(thoughts, "reasoning_accuracy_reward")).containsExactly(List.of(1, 2));
    assertThat(voters(thoughts, "think_format_reward")).containsExactly(List.of(0, 1, 2));
  }

  @Test
  void saysWhichNamesThereAre() {
    assertThatThrownBy(() -> reward("acuracy_reward"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("reward_funcs = acuracy_reward")
        .hasMessageContaining("accuracy_reward, reasoning_accuracy_reward")
        .hasMessageContaining("--jars");
  }

  @Test
  void survivesSerialisation() throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(reward("strip_reasoning_accuracy_reward"));
    }
    Object copy = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    assertThat(((Reward) copy).judge(RewardInput.of("\\boxed{5}", "5")).reward()).isEqualTo(1);
  }
}
