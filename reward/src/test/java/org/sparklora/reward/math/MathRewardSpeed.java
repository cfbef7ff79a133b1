package org.sparklora.reward.math;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * One pass over a file of cases in a cold JVM, then passes until it is warm, on one thread; prints
 * one JSON line. {@code reward/bench/compare_with_math_verify.sh} runs it beside the peer.
 */
public final class MathRewardSpeed {
  private static final int WARM_UP_PASSES = 8;
  private static final int MEASURED_PASSES = 5;
  private static final double NANOS = 1e9;

  private MathRewardSpeed() {}

  private record Case(String completion, String solution, double reward) {}

  /**
   * Arguments: a file of rows with completion and solution; the dialect, or nothing for
   * math_verify.
   */
  public static void main(String[] arguments) throws IOException {
    long start = System.nanoTime();
    Dialect dialect =
        arguments.length > 1
            ? Dialect.valueOf(arguments[1].toUpperCase(Locale.ROOT))
            : Dialect.MATH_VERIFY;
    List<Case> cases = read(Path.of(arguments[0]));
    MathReward judge = MathReward.of(dialect);
    long cold = System.nanoTime();
    pass(judge, cases, new long[cases.size()]);
    double coldSeconds = (System.nanoTime() - cold) / NANOS;
    double wholeSeconds = (System.nanoTime() - start) / NANOS;
    for (int i = 0; i < WARM_UP_PASSES; i++) {
      pass(judge, cases, new long[cases.size()]);
    }
    double warmSeconds = Double.MAX_VALUE;
    long[] nanos = new long[cases.size()];
    int agreed = 0;
    for (int i = 0; i < MEASURED_PASSES; i++) {
      long warm = System.nanoTime();
      agreed = pass(judge, cases, nanos);
      warmSeconds = Math.min(warmSeconds, (System.nanoTime() - warm) / NANOS);
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "{\"rows\": %d, \"cold_per_s\": %.1f, \"cold_with_reading_per_s\": %.1f, \"warm_per_s\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"agree\": %d}%n",
        cases.size(),
        cases.size() / coldSeconds,
        cases.size() / wholeSeconds,
        cases.size() / warmSeconds,
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        nanos[nanos.length - 1] / 1e6,
        agreed);
  }

  private static List<Case> read(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<Case> cases = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode row = json.readTree(line);
      if (!row.path("adversarial").asBoolean(false)) {
        cases.add(
            new Case(
                row.get("completion").asText(),
                row.get("solution").asText(),
                row.path("reward").asDouble(Double.NaN)));
      }
    }
    return cases;
  }

  /** How many verdicts are those of the file. */
  private static int pass(MathReward judge, List<Case> cases, long[] nanos) {
    int agreed = 0;
    for (int i = 0; i < cases.size(); i++) {
      Case given = cases.get(i);
      long start = System.nanoTime();
      double reward = judge.judge(given.completion(), given.solution()).reward();
      nanos[i] = System.nanoTime() - start;
      agreed += Double.compare(reward, given.reward()) == 0 ? 1 : 0;
    }
    return agreed;
  }
}
