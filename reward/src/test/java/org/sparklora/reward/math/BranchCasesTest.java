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

/** Functions with branches are equal when they are so in every branch, and only then. */
class BranchCasesTest {
  @ParameterizedTest
  @EnumSource(Dialect.class)
  void onlyTermsThatAreEqualInEveryBranchAreRewarded(Dialect dialect) {
    MathReward reward = MathReward.of(dialect);
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
