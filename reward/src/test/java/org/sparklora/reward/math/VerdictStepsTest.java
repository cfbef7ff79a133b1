package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;
import org.sparklora.reward.math.number.AlgebraLimit;

/** A verdict, and the steps it takes, depend on completion, solution and dialect alone. */
class VerdictStepsTest {
  /** Of each file every so many cases: some hundreds. */
  private static final int STRIDE = 24;

  /** As long as an answer may be, and more than a verdict's steps. */
  private static final String LONG = "x".repeat(3_990);

  /** Pairs that take long, and those that ran out of a second in a JVM that loads its classes. */
  private static final List<List<String>> SLOW =
      List.of(
          List.of("|x|", "\\sqrt{x^2}"),
          List.of("n\\cdot n!", "(n+1)!-n!"),
          List.of("x^{200}-x^{200}+1", "1"),
          List.of("10^{100}+e", "e+10^{100}"),
          List.of("\\sqrt{10^{4000}+1}", "10^{2000}"),
          List.of("\\{1,2,\\pi,\\sqrt{2},2\\}", "\\{\\sqrt{2},2,\\pi,1\\}"),
          List.of("10^{150}\\cdot\\pi+\\ln 2", "\\ln 2+10^{150}\\cdot\\pi"),
          List.of("\\gamma\\cdot 10^{40}", "10^{40}\\cdot\\gamma"),
          List.of("z=|e^{c}-1|+a-2", "z=a+|1-e^{c}|-2"),
          List.of("\\left|e^{x}\\right|+\\lfloor y-x\\rfloor", "e^x+\\lfloor y-x\\rfloor"),
          List.of("10^{300}\\cdot\\pi+\\ln 2", "\\ln 2+10^{300}\\cdot\\pi"),
          List.of("\\int_0^1 e^{-x^2} dx", "\\int_0^1 e^{-x^2} dx+0"),
          List.of(LONG, LONG + "+1"));

  private record Pair(Dialect dialect, String completion, String solution) {}

  private record Told(Judgement judgement, long steps) {}

  private static List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (Dialect dialect : Dialect.values()) {
      SLOW.forEach(p -> pairs.add(new Pair(dialect, "\\boxed{" + p.get(0) + "}", p.get(1))));
      for (String file : List.of("reward_cases", "number_cases", "branch_cases")) {
        List<JsonNode> rows = JsonLines.read("/math/" + file + ".jsonl.gz");
        for (int i = 0; i < rows.size(); i += STRIDE) {
          JsonNode row = rows.get(i);
          pairs.add(
              new Pair(dialect, row.get("completion").asText(), row.get("solution").asText()));
        }
      }
    }
    return pairs;
  }

  private static Told judge(Pair pair) {
    AlgebraLimit budget = AlgebraLimit.ofMillis(MathReward.DEFAULT_BUDGET_MILLIS);
    Judgement judgement =
        MathReward.of(pair.dialect()).judge(pair.completion(), pair.solution(), budget);
    return new Told(judgement, budget.used());
  }

  @Test
  void manyThreadsOnABusyMachineSayWhatOneSaysInAsManySteps()
      throws InterruptedException, ExecutionException {
    List<Pair> pairs = pairs();
    assertThat(pairs).hasSizeGreaterThan(300);
    List<Told> alone = pairs.stream().map(VerdictStepsTest::judge).toList();
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicBoolean busy = new AtomicBoolean(true);
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      threads.execute(
          () -> {
            while (busy.get()) {
              Thread.onSpinWait();
            }
          });
    }
    ExecutorService judges = Executors.newFixedThreadPool(16);
    try {
      List<Callable<Told>> tasks = new ArrayList<>();
      pairs.forEach(pair -> tasks.add(() -> judge(pair)));
      List<Future<Told>> together = judges.invokeAll(tasks);
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).as("%.200s", pairs.get(i)).isEqualTo(alone.get(i));
      }
    } finally {
      busy.set(false);
      threads.shutdown();
      judges.shutdown();
    }
  }

  /** What a new JVM says and takes, in other order, first of all slowly. */
  @Test
  void aColdJvmThatOnlyInterpretsTakesAsManySteps() throws IOException, InterruptedException {
    List<String> here = new ArrayList<>();
    for (Pair pair : slow()) {
      here.add(line(pair));
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    Process process =
        new ProcessBuilder(
                java,
                "-Xint",
                "-Dfile.encoding=US-ASCII",
                "-Duser.language=tr",
                "-cp",
                classPath,
                Cold.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> there =
        new ArrayList<>(
            new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                .lines()
                .toList());
    assertThat(process.waitFor()).isZero();
    Collections.reverse(there);
    assertThat(there).isEqualTo(here);
  }

  /** Judges the slow pairs from the last to the first. */
  static final class Cold {
    public static void main(String[] arguments) {
      List<Pair> pairs = new ArrayList<>(slow());
      Collections.reverse(pairs);
      pairs.forEach(pair -> System.out.println(line(pair)));
    }
  }

  /** Those that take no minutes where nothing is compiled. */
  private static List<Pair> slow() {
    List<Pair> pairs = new ArrayList<>();
    for (List<String> p : SLOW.subList(0, 8)) {
      for (Dialect dialect : Dialect.values()) {
        pairs.add(new Pair(dialect, "\\boxed{" + p.get(0) + "}", p.get(1)));
      }
    }
    return pairs;
  }

  private static String line(Pair pair) {
    Told told = judge(pair);
    return told.judgement().verdict() + " " + told.judgement().reason() + " " + told.steps();
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void correctAnswersThatTakeLongAreRewarded(Dialect dialect) {
    for (List<String> pair : SLOW.subList(0, 3)) {
      Told told = judge(new Pair(dialect, "\\boxed{" + pair.get(0) + "}", pair.get(1)));
      assertThat(told.judgement().verdict()).as(pair.get(0)).isEqualTo(Verdict.CORRECT);
      assertThat(told.steps()).as(pair.get(0)).isLessThan(AlgebraLimit.STEPS / 4);
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void stepsThatRunOutMakeAnAnswerWrong(Dialect dialect) {
    Told told = judge(new Pair(dialect, "\\boxed{" + LONG + "}", "y" + LONG.substring(1)));
    assertThat(told.judgement().reason()).isEqualTo("budget exceeded");
    assertThat(told.judgement().verdict()).isEqualTo(Verdict.WRONG);
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void whatTheGuardEndsIsNotJudged(Dialect dialect) {
    Judgement judgement =
        new MathReward(Recipe.STRIP_REASONING, dialect, 1).judge("\\boxed{" + LONG + "}", "x+1");
    assertThat(judgement.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(judgement.reason()).isEqualTo("out of time");
    assertThat(judgement.isJudged()).isFalse();
  }
}
