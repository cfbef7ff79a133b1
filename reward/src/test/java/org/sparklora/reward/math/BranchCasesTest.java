package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;

/** Functions with branches are equal when they are so in every branch, and only then. */
class BranchCasesTest {
  /** Verdicts are what is tested, not how long a busy machine takes over them. */
  private static final long BUDGET_MILLIS = 30_000;

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void onlyTermsThatAreEqualInEveryBranchAreRewarded(Dialect dialect) {
    MathReward reward = new MathReward(Recipe.STRIP_REASONING, dialect, BUDGET_MILLIS);
    List<JsonNode> cases = JsonLines.read("/math/branch_cases.jsonl.gz");
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : cases) {
      String solution = row.get("solution").asText();
      String completion = row.get("completion").asText();
      Judgement verdict = reward.judge(completion, solution);
      boolean rewarded = verdict.verdict() == Verdict.CORRECT;
      if (rewarded != row.get("equal").asBoolean()) {
        wrong.add(solution + " | " + completion + ": " + verdict.reason());
      }
    }
    assertThat(cases).hasSizeGreaterThan(500);
    assertThat(wrong).isEmpty();
  }
}
