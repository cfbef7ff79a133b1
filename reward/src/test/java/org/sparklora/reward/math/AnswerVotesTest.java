package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.reward.math.AnswerVotes.Voted;

class AnswerVotesTest {

  @ParameterizedTest
  @EnumSource(MathReward.Dialect.class)
  void equalValuesAreOneAnswer(MathReward.Dialect dialect) {
    AnswerVotes votes =
        AnswerVotes.of(
            MathReward.of(dialect),
            List.of(
                "So it is $\\boxed{7}$.",
                "It is $\\boxed{\\frac{1}{2}}$.",
                "I do not know.",
                "<think>$\\boxed{7}$?</think> The answer is $0.5$."));
    assertThat(votes.answers())
        .extracting(Voted::voters)
        .containsExactly(List.of(1, 3), List.of(0));
    assertThat(votes.answers()).extracting(Voted::text).containsExactly("\\frac{1}{2}", "7");
    assertThat(votes.majority()).contains(votes.answers().get(0));
  }

  @ParameterizedTest
  @EnumSource(MathReward.Dialect.class)
  void aMajorityNeedsTwoVotesAndMoreThanAnyOther(MathReward.Dialect dialect) {
    MathReward reward = MathReward.of(dialect);
    List<String> tied = List.of("$\\boxed{1}$", "$\\boxed{2}$", "$\\boxed{2.0}$", "$\\boxed{1.0}$");
    assertThat(AnswerVotes.of(reward, tied).majority()).isEmpty();
    assertThat(AnswerVotes.of(reward, tied).answers().get(0).voters()).containsExactly(0, 3);
    assertThat(AnswerVotes.of(reward, tied.subList(0, 3)).majority())
        .hasValueSatisfying(answer -> assertThat(answer.voters()).containsExactly(1, 2));
    assertThat(AnswerVotes.of(reward, tied.subList(0, 2)).majority()).isEmpty();
    assertThat(AnswerVotes.of(reward, tied.subList(0, 1)).majority()).isEmpty();
    assertThat(AnswerVotes.of(reward, List.of()).answers()).isEmpty();
  }
}
