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
