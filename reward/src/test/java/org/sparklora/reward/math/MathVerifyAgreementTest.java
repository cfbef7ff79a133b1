package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;

/** The verdicts of Math-Verify itself, on thousands of completions. */
class MathVerifyAgreementTest {
  private final List<JsonNode> cases = JsonLines.read("/math/reward_cases.jsonl.gz");
  private final MathReward reward = MathReward.of(Dialect.MATH_VERIFY);

  private static boolean isSoft(JsonNode row) {
    return row.path("adversarial").asBoolean(false)
        || row.path("timing_sensitive").asBoolean(false);
  }

  private Judgement judge(JsonNode row) {
    return reward.judge(row.get("completion").asText(), row.get("solution").asText());
  }

  @Test
  void agreesWithTheReference() {
    List<String> disagreements = new ArrayList<>();
    List<String> undeserved = new ArrayList<>();
    for (JsonNode row : cases) {
      if (isSoft(row)) {
        continue;
      }
      double expected = row.get("reward").asDouble(Double.NaN);
      Judgement verdict = judge(row);
      if (Double.compare(verdict.reward(), expected) != 0) {
        String line = row.get("id").asText() + ": expected " + expected + " but was " + verdict;
        disagreements.add(line);
        if (verdict.verdict() == Verdict.CORRECT) {
          undeserved.add(line);
        }
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(disagreements).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          20                                           @ 2\\binom{5}{2}                     @ WRONG
          12                                           @ 2\\binom{5}{2}                     @ CORRECT
          \\binom{5}{2}\\binom{4}{2}                   @ 16                                 @ CORRECT
          20                                           @ 2\\cdot\\binom{5}{2}               @ CORRECT
          n                                            @ \\binom{n}{1}                      @ CORRECT
          48                                           @ 2\\Gamma(5)                        @ WRONG
          26                                           @ 2\\Gamma(5)                        @ CORRECT
          7                                            @ 2\\begin{vmatrix}2&1\\\\1&3\\end{vmatrix} @ CORRECT
          10                                           @ 2\\begin{vmatrix}2&1\\\\1&3\\end{vmatrix} @ WRONG
          -4                                           @ 2\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix} @ CORRECT
          5                                            @ e^{\\log 5}                        @ CORRECT
          9                                            @ e^{2\\log 3}                       @ CORRECT
          5e^x                                         @ e^{x+\\log 5}                      @ CORRECT
          5^x                                          @ e^{x\\log 5}                       @ WRONG
          \\frac{1}{2}                                 @ e^{-\\ln 2}                        @ CORRECT
          2x                                           @ \\frac{dx^2}{dx}                   @ CORRECT
          2x                                           @ \\frac{d(x^2)}{dx}                 @ CORRECT
          2x                                           @ \\frac{\\partial x^2}{\\partial x} @ CORRECT
          2x                                           @ \\frac{dy}{dx}=2x                  @ WRONG
          \\frac{dy}{dx}=2x                            @ 2x                                 @ CORRECT
          \\begin{pmatrix}1\\\\2\\end{pmatrix}         @ \\begin{pmatrix}x\\\\y\\end{pmatrix}=\\begin{pmatrix}1\\\\2\\end{pmatrix} @ WRONG
          3                                            @ \\gcd(a,b)=3                       @ WRONG
          3                                            @ \\max(x,y)=3                       @ CORRECT
          0.5                                          @ \\text{0.5}                        @ WRONG
          \\frac{1}{2}                                 @ \\text{1/2}                        @ CORRECT
          \\bar{x}                                     @ \\bar {x}                          @ WRONG
          \\{2\\}\\subseteq\\{1,2\\}                   @ \\{1\\}\\subseteq\\{1,2\\}         @ WRONG
          """)
  void valuesWorkedOutWhileReadingAreOneNumber(String answer, String solution, Verdict verdict) {
    assertThat(reward.judge("\\boxed{" + answer + "}", solution).verdict()).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=2,x=-2                                     @ x^2=4                              @ CORRECT
          x=\\sqrt{3},x=-\\sqrt{3}                     @ x^2=3                              @ CORRECT
          x=2,x=-3                                     @ x^2=4                              @ WRONG
          [2,3]                                        @ [1,3]\\cap[2,4]                    @ WRONG
          [2,4]\\cap[1,3]                              @ [1,3]\\cap[2,4]                    @ CORRECT
          [1,3]\\cap[2,4]                              @ [2,3]\\cup\\{3\\}                  @ CORRECT
          (0,3]                                        @ [0,3]\\setminus\\{0\\}             @ WRONG
          [0,1)\\cup(2,3]                              @ [0,3]\\setminus[1,2]               @ CORRECT
          \\{1,2\\}                                    @ \\{1,2,3\\}\\setminus\\{3\\}       @ WRONG
          \\{2,1,3\\}\\setminus\\{3\\}                 @ \\{1,2,3\\}\\setminus\\{3\\}       @ CORRECT
          \\{1\\}\\cup\\{2\\}                          @ \\{1,2,3\\}\\setminus\\{3\\}       @ CORRECT
          (1,2)                                        @ (-\\infty,2)\\cap(1,\\infty)       @ WRONG
          (0,\\pi)                                     @ 0<x<\\pi                           @ CORRECT
          [\\sqrt{2},\\pi]                             @ \\sqrt{2}\\le x\\le\\pi            @ CORRECT
          \\mathbb{R}\\setminus\\{0\\}                 @ (-\\infty,\\infty)\\setminus\\{0\\} @ CORRECT
          (c,d)\\cup(a,b)                              @ (a,b)\\cup(c,d)                    @ CORRECT
          (a+a,b)\\cup(c,d)                            @ (2a,b)\\cup(c,d)                   @ WRONG
          \\{a,b,c\\}                                  @ \\{c\\}\\cup\\{a,b\\}              @ CORRECT
          \\{b\\}\\cup\\{a\\}                          @ \\{a,b\\}                          @ CORRECT
          \\infty,7                                    @ 7                                  @ WRONG
          \\mathbb{R}\\setminus\\{\\pi k\\}            @ \\mathbb{R}\\setminus\\{k\\pi\\}   @ WRONG
          """)
  void intersectionsAndDifferencesStayAsWritten(String answer, String solution, Verdict verdict) {
    assertThat(reward.judge("\\boxed{" + answer + "}", solution).verdict()).isEqualTo(verdict);
  }

  @Test
  void hostileCompletionsEndWithinTheirBudget() {
    for (JsonNode row : cases) {
      if (isSoft(row)) {
        assertThat(judge(row).verdict()).as(row.get("id").asText()).isNotEqualTo(Verdict.FAILED);
      }
    }
  }

  @Test
  void thirtyTwoThreadsSayWhatOneSays() throws InterruptedException, ExecutionException {
    List<JsonNode> sample = new ArrayList<>();
    for (int i = 0; i < cases.size(); i += 9) {
      if (!isSoft(cases.get(i))) {
        sample.add(cases.get(i));
      }
    }
    List<Judgement> alone = sample.stream().map(this::judge).toList();
    ExecutorService threads = Executors.newFixedThreadPool(32);
    List<Callable<Judgement>> tasks = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      sample.forEach(row -> tasks.add(() -> judge(row)));
    }
    List<Future<Judgement>> together = threads.invokeAll(tasks);
    threads.shutdown();
    for (int i = 0; i < together.size(); i++) {
      assertThat(together.get(i).get()).isEqualTo(alone.get(i % alone.size()));
    }
  }
}
