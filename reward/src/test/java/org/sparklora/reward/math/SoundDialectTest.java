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

class SoundDialectTest {
  private final MathReward sound = MathReward.of(Dialect.SOUND);
  private final MathReward reference = MathReward.of(Dialect.MATH_VERIFY);

  @Test
  void judgesAsPeopleDo() {
    List<String> undeserved = new ArrayList<>();
    int judged = 0;
    int agreed = 0;
    for (JsonNode row : JsonLines.read("/math/reward_cases.jsonl.gz")) {
      if (!row.hasNonNull("intended") || row.path("adversarial").asBoolean(false)) {
        continue;
      }
      judged++;
      boolean correct =
          sound.judge(row.get("completion").asText(), row.get("solution").asText()).verdict()
              == Verdict.CORRECT;
      agreed += correct == row.get("intended").asBoolean() ? 1 : 0;
      if (correct && !row.get("intended").asBoolean()) {
        undeserved.add(row.get("id").asText());
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(agreed).isGreaterThanOrEqualTo((int) Math.ceil(judged * 0.97));
  }

  /** The table of docs/rewards.md. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "\\[ x = \\boxed{5}. \\]"          @ 5               @ WRONG   @ CORRECT
          "\\boxed { 72.0 }"                 @ 72              @ WRONG   @ CORRECT
          "The answer is 42"                 @ 42              @ WRONG   @ CORRECT
          "Answer: $\\tfrac12$"              @ 0.5             @ WRONG   @ CORRECT
          "Answer: $7\\,425\\,000$"          @ 7425000         @ WRONG   @ CORRECT
          "$\\boxed{18 \\text{ dollars}}$"   @ 18              @ WRONG   @ CORRECT
          "Answer: $\\cos 60^\\circ$"        @ \\frac{1}{2}    @ WRONG   @ CORRECT
          "$\\boxed{\\text{Yes}}$"           @ \\text{Yes}     @ WRONG   @ CORRECT
          "$\\boxed{\\text{A and C}}$"       @ A, C            @ WRONG   @ CORRECT
          "$\\boxed{\\begin{cases} x=1 \\\\ y=2 \\end{cases}}$" @ x=1, y=2 @ WRONG @ CORRECT
          "$\\boxed{1.5e3}$"               @ 1500            @ WRONG   @ CORRECT
          "Answer: $3+4\\mathrm{i}$"         @ 4i+3            @ WRONG   @ CORRECT
          "$\\boxed{2x \\ge 10}$"            @ x \\ge 5        @ WRONG   @ CORRECT
          "$\\boxed{7 > x > -2}$"            @ -2 < x < 7      @ WRONG   @ CORRECT
          "$\\boxed{f(t)=t+1}$"              @ f(x)=x+1        @ WRONG   @ CORRECT
          "$\\boxed{\\frac{1}{2^{98}}}$"     @ \\frac{1}{2^{99}} @ CORRECT @ WRONG
          "$\\boxed{x^2=-1}$"                @ x^2=-2          @ CORRECT @ WRONG
          "$\\boxed{204_6}$"                 @ 204_5           @ CORRECT @ WRONG
          "Answer: $\\{6,31,-1\\}$"          @ (6,31,-1)       @ CORRECT @ WRONG
          "Answer: $6.283185$"               @ 2\\pi           @ CORRECT @ WRONG
          """)
  void differsFromTheReferenceWhereItIsDocumented(
      String completion, String solution, Verdict inReference, Verdict inSound) {
    assertThat(reference.judge(completion, solution).verdict()).isEqualTo(inReference);
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(inSound);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "15 \\text{ m}"        @ "15\\text{ cm}"         @ WRONG
          "15 \\text{ cm}^3"     @ "15\\text{ cm}^2"       @ WRONG
          "15 \\text{ hours}"    @ "15 \\text{ minutes}"   @ WRONG
          "\\$15"                @ "15 \\text{ euros}"     @ WRONG
          "60 km/h"              @ "60 \\text{ mph}"       @ WRONG
          "15"                   @ "15\\text{ minutes}"    @ CORRECT
          "15 \\text{ minute}"   @ "15 \\mbox{ min}"       @ CORRECT
          "15\\,\\mathrm{cm}^2"  @ "15\\text{ square cm}"  @ CORRECT
          "\\$15"                @ "15 \\text{ dollars}"   @ CORRECT
          "60\\frac{\\text{km}}{\\text{h}}" @ "60 \\text{ km/h}" @ CORRECT
          "60 km/h"              @ "60 \\text{ km per hour}" @ CORRECT
          "£5"                   @ "5\\text{ lb}"          @ WRONG
          "£5"                   @ "5 \\text{ pounds}"     @ CORRECT
          "5\\text{ lbs}"        @ "5 \\text{ pounds}"     @ CORRECT
          "5\\text{ yuan}"       @ "5\\text{ yen}"         @ WRONG
          "¥5"                   @ "5\\text{ yuan}"        @ CORRECT
          "¥5"                   @ "5\\text{ yen}"         @ CORRECT
          "USD 5"                @ "€5"                    @ WRONG
          "5€"                   @ "5 USD"                 @ WRONG
          "USD 5"                @ "\\$5"                  @ CORRECT
          "EUR 5"                @ "5"                     @ CORRECT
          "5"                    @ "5€"                    @ CORRECT
          """)
  void unitsMayBeLeftOutButNotChanged(String answer, String solution, Verdict outcome) {
    assertThat(sound.judge("\\boxed{" + answer + "}", solution).verdict()).isEqualTo(outcome);
  }
}
