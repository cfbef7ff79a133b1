package org.sparklora.reward.math;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;

/** Verdicts a second, and how long the slowest take, over the cases that are not adversarial. */
@State(Scope.Thread)
@BenchmarkMode({Mode.Throughput, Mode.SampleTime})
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(1)
public class MathRewardBenchmark {
  @Param({"MATH_VERIFY", "SOUND"})
  Dialect dialect;

  private MathReward reward;
  private List<JsonNode> cases;
  private int next;

  @Setup
  public void read() {
    reward = MathReward.of(dialect);
    cases =
        JsonLines.read("/math/reward_cases.jsonl.gz").stream()
            .filter(row -> !row.path("adversarial").asBoolean(false))
            .toList();
  }

  @Benchmark
  public Judgement judge() {
    JsonNode row = cases.get(next++ % cases.size());
    return reward.judge(row.get("completion").asText(), row.get("solution").asText());
  }
}
