package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.math.MathReward.Dialect;

/** Decimals, percentages and fractions, each written in two ways, as Math-Verify judges them. */
class DecimalCasesTest {
  /** SymPy's simplification rounds in an order of its own: one case in two hundred may differ. */
  private static final double AGREEMENT = 0.995;

  private final MathReward reference = MathReward.of(Dialect.MATH_VERIFY);

  @Test
  void areJudgedAsByTheReference() {
    List<String> differing = new ArrayList<>();
    List<String> undeserved = new ArrayList<>();
    List<JsonNode> cases = JsonLines.read("/math/decimal_cases.jsonl.gz");
    for (JsonNode row : cases) {
      String solution = row.get("solution").asText();
      String completion = row.get("completion").asText();
      boolean rewarded = reference.judge(completion, solution).verdict() == Verdict.CORRECT;
      if (rewarded != (row.get("reward").asDouble() == 1)) {
        differing.add(solution + " | " + completion);
        if (rewarded && !row.get("equal").asBoolean()) {
          undeserved.add(solution + " | " + completion);
        }
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(differing).hasSizeLessThanOrEqualTo((int) (cases.size() * (1 - AGREEMENT)));
  }

  /** What Math-Verify 0.9.0 says of each. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          14\\times 10^{-2}        @ 1.4\\times 10^{-1}      @ CORRECT
          0.518\\times 10^{-1}     @ \\frac{5.18}{100}       @ CORRECT
          10 \\times 0.00729       @ 0.72-0.6471             @ CORRECT
          1.1+2.2                  @ \\frac{6.6}{2}          @ WRONG
          \\frac{33}{10}           @ 1.1+2.2                 @ WRONG
          7.58079x                 @ \\frac{379.0395}{50}x   @ WRONG
          x > 1.2\\cdot(-7.5175)   @ x > -9.021              @ WRONG
          x \\le -\\frac{37}{9}    @ x \\le -4.1111111111111111 @ CORRECT
          x=0.333333               @ x=\\frac{1}{3}          @ WRONG
          0.333333                 @ \\frac{1}{3}            @ CORRECT
          -1220.0\\%               @ -1220\\cdot 10^{-2}     @ WRONG
          (0.5, 0.7)               @ (50\\%, 0.7)            @ WRONG
          \\{0.5, 2\\}             @ \\{50\\%, 2\\}          @ WRONG
          0.0000005                @ -0.0836+0.0836          @ WRONG
          """)
  void areFloatsComputedInTheReferencesOrder(String answer, String solution, Verdict verdict) {
    assertThat(reference.judge("\\boxed{" + answer + "}", solution).verdict()).isEqualTo(verdict);
  }
}
