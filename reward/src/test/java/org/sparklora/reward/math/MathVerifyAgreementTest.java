package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.dialect.Verdict;

/** The verdicts of Math-Verify itself, on thousands of completions. */
class MathVerifyAgreementTest {
  /** Room for a machine that is busy with other things; a verdict's own budget is smaller. */
  private static final long SLACK_MILLIS = 2_000;

  private final List<JsonNode> cases = JsonLines.read("/math/reward_cases.jsonl.gz");
  private final MathReward reward = MathReward.of(Dialect.MATH_VERIFY);

  private static boolean isSoft(JsonNode row) {
    return row.path("adversarial").asBoolean(false)
        || row.path("timing_sensitive").asBoolean(false);
  }

  private Verdict judge(JsonNode row) {
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
      Optional<Double> expected =
          row.get("reward").isNull() ? Optional.empty() : Optional.of(row.get("reward").asDouble());
      Verdict verdict = judge(row);
      if (!verdict.reward().equals(expected)) {
        String line = row.get("id").asText() + ": expected " + expected + " but was " + verdict;
        disagreements.add(line);
        if (verdict.outcome() == Verdict.Outcome.CORRECT) {
          undeserved.add(line);
        }
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(disagreements).isEmpty();
  }

  @Test
  void hostileCompletionsEndWithinTheirBudget() {
    for (JsonNode row : cases) {
      if (isSoft(row)) {
        long start = System.nanoTime();
        judge(row);
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertThat(millis)
            .as(row.get("id").asText())
            .isLessThan(MathReward.DEFAULT_BUDGET_MILLIS + SLACK_MILLIS);
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
    List<Verdict> alone = sample.stream().map(this::judge).toList();
    ExecutorService threads = Executors.newFixedThreadPool(32);
    List<Callable<Verdict>> tasks = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      sample.forEach(row -> tasks.add(() -> judge(row)));
    }
    List<Future<Verdict>> together = threads.invokeAll(tasks);
    threads.shutdown();
    for (int i = 0; i < together.size(); i++) {
      assertThat(together.get(i).get()).isEqualTo(alone.get(i % alone.size()));
    }
  }
}
