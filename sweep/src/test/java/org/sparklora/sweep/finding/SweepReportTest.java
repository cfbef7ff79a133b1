package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.sweep.FindingKind;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepFolder;
import org.sparklora.sweep.SweepMetric;

/**
 * Whole reports, with the data of their figures, as the files of {@code src/test/resources/reports}
 * have them. A failed test leaves its text in {@code target/reports}, from where it is copied if
 * the new text is wanted. Numbers are compared by ten digits: the last ones depend on the CPU.
 */
class SweepReportTest {
  private static final SweepMetric LOSS = new SweepMetric("loss", true, 1);
  private static final SweepMetric EVAL_LOSS = new SweepMetric("eval_loss", true, 1);
  private static final SweepMetric REWARD = new SweepMetric("eval_reward", false, 1);
  private static final double[] RATES = {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3};

  private static final String FULL = "--use_peft false";
  private static final String RANK = "--use_peft true --lora_r ";
  private static final String LAYERS = "--use_peft true --lora_target_modules ";

  private static final Pattern NUMBER = Pattern.compile("-?\\d+\\.\\d{7,}(E-?\\d+)?");
  private static final double ROUNDING = 1e-12;

  @TempDir private Path folder;
  private final StringBuilder reports = new StringBuilder();

  /** Trials of one kind over rates and seeds, with noise that depends on the number of trials. */
  private static void sweep(
      Trials trials, String kind, int seeds, double noise, DoubleUnaryOperator ofRate) {
    SplittableRandom random = new SplittableRandom(trials.trials().size());
    for (int seed = 1; seed <= seeds; seed++) {
      for (double rate : RATES) {
        trials.add(
            "%s --learning_rate %s --seed %s".formatted(kind, rate, seed),
            ofRate.applyAsDouble(rate) + noise * (random.nextDouble() - 0.5));
      }
    }
  }

  /** Trials with curves of the training loss from 3 to the value of the rate. */
  private static void curves(
      Trials trials, String kind, int seeds, double noise, DoubleUnaryOperator ofRate) {
    SplittableRandom random = new SplittableRandom(trials.trials().size());
    for (int seed = 1; seed <= seeds; seed++) {
      for (double rate : RATES) {
        double end = ofRate.applyAsDouble(rate) + noise * (random.nextDouble() - 0.5);
        List<Map<String, Double>> log = new ArrayList<>();
        for (int step : new int[] {5, 10, 20, 40, 80}) {
          double loss = end + (3 - end) * Math.exp(-step * Math.sqrt(rate));
          log.add(Map.of("step", (double) step, "loss", loss, "num_tokens", 32.0 * step));
        }
        String flags = "%s --learning_rate %s --seed %s".formatted(kind, rate, seed);
        trials.add(flags, 80, false, log);
      }
    }
  }

  private SweepFile file(FindingKind kind, SweepMetric metric, String command) throws IOException {
    Path place = Files.writeString(folder.resolve("sweep.yaml"), "finding: " + kind.key() + "\n");
    return new SweepFile(
        kind,
        "one <sentence>",
        "https://example.org",
        command,
        Map.of(),
        List.of(),
        metric,
        Optional.empty(),
        place.toString());
  }

  /** The folder with the report of a study. */
  private Path report(FindingKind kind, String title, Trials trials) throws IOException {
    Study study = trials.study();
    boolean isFirst = reports.isEmpty();
    SweepFile file = file(kind, study.metric(), trials.trials().get(0).command());
    Path out = folder.resolve(title.replace(' ', '-'));
    reports.append("=== ").append(title).append('\n');
    try (SweepFolder open = SweepFolder.open(HadoopSettings.configuration(), "" + out, file)) {
      reports.append(SweepReport.write(open, "FOLDER", file, study, "4ed5cdd85ba9e0d9"));
    }
    String results = Files.readString(out.resolve("results.json"));
    if (isFirst) {
      reports.append(results);
      reports.append(
          Files.readString(out.resolve("report.html"))
              .replaceAll("(?s)<style>.*</style>", "<style/>")
              .replaceAll("base64,[^\"]*", "base64,PNG"));
    } else { // settings are those of the first report, with other numbers
      reports.append(results, 0, results.indexOf("  \"settings\""));
    }
    for (LineFigure figure : Findings.of(file, study).figures()) {
      reports.append(text(figure));
    }
    try (var files = Files.list(out)) {
      files.map(path -> path.getFileName() + "\n").sorted().forEach(reports::append);
    }
    return out;
  }

  private static String text(LineFigure figure) {
    StringBuilder text = new StringBuilder();
    for (Object part :
        List.of(
            figure.title(),
            figure.note(),
            figure.xTitle(),
            figure.yTitle(),
            figure.logarithmic())) {
      text.append(part).append('\n');
    }
    for (LineFigure.Line line : figure.lines()) {
      text.append(line.name()).append('\n');
      for (double[] each : List.of(line.x(), line.y(), line.low(), line.high(), line.ring())) {
        text.append("  ").append(Arrays.toString(each)).append('\n');
      }
    }
    return text.toString();
  }

  private void assertText(String name) throws IOException {
    Path out = Files.createDirectories(Path.of("target/reports"));
    Files.writeString(out.resolve(name + "-all-digits.txt"), reports);
    String text = NUMBER.matcher(reports).replaceAll(match -> rounded(match.group()));
    Files.writeString(out.resolve(name + ".txt"), text);
    assertThat(text)
        .isEqualTo(Files.readString(Path.of("src/test/resources/reports", name + ".txt")));
  }

  private static String rounded(String number) {
    BigDecimal value = new BigDecimal(number).round(new MathContext(10));
    return Math.abs(value.doubleValue()) < ROUNDING ? "0.0" : Double.toString(value.doubleValue());
  }

  @Test
  void learningRate() throws IOException {
    Trials whole = new Trials(LOSS);
    curves(whole, FULL, 3, 0.002, Trials.bowl(5e-5, 2));
    curves(whole, RANK + 1, 3, 0.002, Trials.bowl(3e-4, 2.1));
    curves(whole, RANK + 8, 3, 0.002, Trials.bowl(5e-4, 2));
    curves(whole, RANK + 64, 3, 0.002, Trials.bowl(6e-4, 2));
    report(FindingKind.LEARNING_RATE, "whole", whole);
    for (int seeds = 1; seeds <= 2; seeds++) {
      Trials few = new Trials(EVAL_LOSS);
      sweep(few, FULL, seeds, 0.01, Trials.bowl(5e-5, 2));
      sweep(few, RANK + 16, seeds, 0.01, Trials.bowl(3e-4, 2));
      sweep(few, RANK + 32, seeds, 0.01, Trials.bowl(9e-4, 2));
      report(FindingKind.LEARNING_RATE, "seeds " + seeds, few);
    }
    Trials noisy = new Trials(EVAL_LOSS);
    sweep(noisy, FULL, 4, 0.2, Trials.bowl(2e-5, 2));
    sweep(noisy, RANK + 16, 4, 0.2, Trials.bowl(4e-4, 2));
    sweep(noisy, RANK + 32, 4, 0.2, Trials.bowl(4e-4, 2));
    report(FindingKind.LEARNING_RATE, "noisy", noisy);
    Trials edge = new Trials(EVAL_LOSS);
    sweep(edge, FULL, 3, 0.001, Trials.bowl(1e-6, 2));
    sweep(edge, RANK + 16, 3, 0.001, Trials.bowl(5e-4, 2));
    report(FindingKind.LEARNING_RATE, "edge", edge);
    Trials adapters = new Trials(EVAL_LOSS);
    sweep(adapters, RANK + 4, 3, 0.001, Trials.bowl(5e-4, 2));
    sweep(adapters, RANK + 16, 3, 0.001, Trials.bowl(5e-4, 2));
    report(FindingKind.LEARNING_RATE, "adapters", adapters);
    Trials diverged = new Trials(EVAL_LOSS);
    sweep(diverged, FULL, 3, 0.001, rate -> Double.NaN);
    sweep(diverged, RANK + 16, 3, 0.001, rate -> rate > 1e-4 ? Double.NaN : 2 - 1000 * rate);
    sweep(
        diverged,
        RANK + 32,
        3,
        0.001,
        rate -> rate > 1e-3 ? Double.NaN : Trials.bowl(5e-4, 2).applyAsDouble(rate));
    report(FindingKind.LEARNING_RATE, "diverged", diverged);
    Trials three = new Trials(EVAL_LOSS);
    sweep(three, FULL, 3, 0.001, Trials.bowl(5e-5, 2));
    for (int seed = 1; seed <= 3; seed++) {
      for (String rate : List.of("1e-5", "1e-4", "1e-3")) {
        three.add(
            RANK + "16 --learning_rate %s --seed %s".formatted(rate, seed),
            Trials.bowl(5e-5, 2).applyAsDouble(Double.parseDouble(rate)));
      }
    }
    report(FindingKind.LEARNING_RATE, "three rates", three);
    assertText("learning-rate");
  }

  @Test
  void layers() throws IOException {
    for (SweepMetric metric : List.of(EVAL_LOSS, REWARD)) {
      double sign = metric.isSmallerBetter() ? 1 : -1;
      Trials whole = new Trials(metric);
      sweep(
          whole,
          LAYERS + "q_proj,k_proj",
          3,
          0.01,
          rate -> sign * Trials.bowl(3e-4, 2.3).applyAsDouble(rate));
      sweep(
          whole,
          LAYERS + "gate_proj,up_proj,down_proj",
          3,
          0.01,
          rate -> sign * Trials.bowl(3e-4, 2).applyAsDouble(rate));
      sweep(
          whole,
          LAYERS + "q_proj,up_proj",
          3,
          0.01,
          rate -> sign * Trials.bowl(3e-4, 2.01).applyAsDouble(rate));
      sweep(whole, FULL, 3, 0.01, rate -> sign * Trials.bowl(3e-5, 1.9).applyAsDouble(rate));
      report(FindingKind.LAYERS, "whole " + metric.name(), whole);
    }
    Trials better = new Trials(EVAL_LOSS);
    sweep(better, LAYERS + "q_proj,v_proj", 3, 0.05, Trials.bowl(3e-4, 1.99));
    sweep(better, LAYERS + "gate_proj,up_proj,down_proj", 3, 0.05, Trials.bowl(3e-4, 2));
    report(FindingKind.LAYERS, "without all layers", better);
    Trials edge = new Trials(EVAL_LOSS);
    sweep(edge, LAYERS + "gate_proj,up_proj,down_proj", 3, 0.05, Trials.bowl(3e-4, 2));
    sweep(edge, LAYERS + "all-linear", 3, 0.01, Trials.bowl(3e-1, 2));
    report(FindingKind.LAYERS, "edge", edge);
    assertText("layers");
  }

  private static DoubleUnaryOperator rewards(double best, double most, double slope) {
    return rate -> most - slope * Math.pow(Math.log10(rate / best), 2);
  }

  @Test
  void rlRank() throws IOException {
    Trials whole = new Trials(REWARD);
    sweep(whole, FULL, 3, 0.01, rewards(1e-4, 0.9, 0.3));
    sweep(whole, RANK + 1, 3, 0.01, rewards(4e-4, 0.91, 0.1));
    sweep(whole, RANK + 8, 3, 0.01, rewards(4e-4, 0.95, 0.1));
    report(FindingKind.RL_RANK, "whole", whole);
    Trials edge = new Trials(REWARD);
    sweep(edge, FULL, 3, 0.01, rewards(1e-5, 0.9, 0.01));
    sweep(edge, RANK + 1, 3, 0.01, rewards(4e-4, 0.7, 0.1));
    report(FindingKind.RL_RANK, "edge", edge);
    Trials loss = new Trials(EVAL_LOSS);
    sweep(loss, FULL, 3, 0.01, Trials.bowl(1e-4, 2));
    sweep(loss, RANK + 1, 3, 0.01, Trials.bowl(4e-4, 2.05));
    report(FindingKind.RL_RANK, "loss", loss);
    Trials other = new Trials(REWARD);
    sweep(other, RANK + 8, 3, 0.01, rewards(1e-4, 0.9, 0.3));
    report(FindingKind.RL_RANK, "without rank 1", other);
    Trials logged = new Trials(new SweepMetric("reward", false, 2));
    for (int seed = 1; seed <= 3; seed++) {
      double[] steps = {1, 2, 3};
      logged.add(FULL + " --seed " + seed, steps, new double[] {0.1, 0.4, 0.5 + 0.01 * seed});
      logged.add(RANK + "1 --seed " + seed, steps, new double[] {0.1, 0.5, 0.6});
    }
    report(FindingKind.RL_RANK, "one rate", logged);
    assertText("rl-rank");
  }

  @Test
  void shortRuns() throws IOException {
    Trials whole = new Trials(EVAL_LOSS);
    sweep(whole, FULL + " --max_steps 50", 3, 0.002, Trials.bowl(3e-5, 2));
    sweep(whole, RANK + "8 --max_steps 50", 3, 0.002, Trials.bowl(6e-4, 2));
    sweep(whole, FULL + " --max_steps 100", 3, 0.002, Trials.bowl(3e-5, 2));
    sweep(whole, FULL + " --max_steps 500", 3, 0.002, Trials.bowl(3e-5, 2));
    sweep(whole, RANK + "8 --max_steps 500", 3, 0.002, Trials.bowl(3e-4, 2));
    report(FindingKind.SHORT_RUNS, "whole", whole);
    Trials one = new Trials(EVAL_LOSS);
    sweep(one, FULL, 3, 0.002, Trials.bowl(3e-5, 2));
    sweep(one, RANK + 8, 3, 0.002, Trials.bowl(6e-4, 2));
    report(FindingKind.SHORT_RUNS, "one length", one);
    Trials edge = new Trials(EVAL_LOSS);
    sweep(edge, FULL + " --max_steps 50", 3, 0.002, Trials.bowl(3e-5, 2));
    sweep(edge, RANK + "8 --max_steps 50", 3, 0.002, Trials.bowl(6e-2, 2));
    sweep(edge, FULL + " --max_steps 500", 3, 0.002, Trials.bowl(3e-5, 2));
    report(FindingKind.SHORT_RUNS, "edge", edge);
    Trials adapters = new Trials(EVAL_LOSS);
    sweep(adapters, RANK + "8 --max_steps 50", 3, 0.002, Trials.bowl(6e-4, 2));
    sweep(adapters, RANK + "8 --max_steps 500", 3, 0.002, Trials.bowl(3e-4, 2));
    report(FindingKind.SHORT_RUNS, "adapters", adapters);
    assertText("short-runs");
  }

  @Test
  void batchSize() throws IOException {
    Trials whole = new Trials(EVAL_LOSS);
    for (int batch : new int[] {4, 16, 64}) {
      String rows = " --per_device_train_batch_size " + batch;
      sweep(whole, FULL + rows, 3, 0.002, Trials.bowl(1e-4, 2));
      sweep(whole, RANK + 8 + rows, 3, 0.002, Trials.bowl(4e-4, 2 + 0.01 * batch));
      sweep(whole, RANK + 64 + rows, 3, 0.002, Trials.bowl(4e-4, 2 + 0.005 * batch));
    }
    report(FindingKind.BATCH_SIZE, "whole", whole);
    Trials hole = new Trials(EVAL_LOSS);
    for (int batch : new int[] {4, 16}) {
      String rows = " --per_device_train_batch_size " + batch;
      sweep(hole, FULL + rows, 3, 0.002, Trials.bowl(1e-4, 2));
      sweep(hole, RANK + batch + rows, 3, 0.002, Trials.bowl(4e-4, 2 + 0.01 * batch));
    }
    report(FindingKind.BATCH_SIZE, "hole", hole);
    Trials one = new Trials(EVAL_LOSS);
    sweep(one, FULL, 3, 0.002, Trials.bowl(1e-4, 2));
    sweep(one, RANK + 8, 3, 0.002, Trials.bowl(4e-4, 2));
    report(FindingKind.BATCH_SIZE, "one batch", one);
    Trials edge = new Trials(REWARD);
    for (int batch : new int[] {4, 16}) {
      String rows = " --per_device_train_batch_size " + batch;
      sweep(edge, FULL + rows, 3, 0.002, rewards(1e-4, 0.9, 0.1));
      sweep(edge, RANK + 8 + rows, 3, 0.002, rewards(1e-1, 0.9, 0.1));
    }
    report(FindingKind.BATCH_SIZE, "edge", edge);
    assertText("batch-size");
  }

  @Test
  void capacity() throws IOException {
    Trials whole = new Trials(LOSS);
    curves(whole, FULL, 3, 0.01, Trials.bowl(1e-4, 1.5));
    curves(whole, RANK + 1, 3, 0.01, Trials.bowl(1e-4, 2.6));
    curves(whole, RANK + 4, 3, 0.01, Trials.bowl(1e-4, 2));
    curves(whole, RANK + 32, 3, 0.01, Trials.bowl(1e-4, 1.5));
    report(FindingKind.CAPACITY, "whole", whole);
    Trials two = new Trials(LOSS);
    curves(two, RANK + 1, 3, 0.01, Trials.bowl(1e-4, 2.6));
    curves(two, RANK + 4, 3, 0.01, Trials.bowl(1e-4, 2));
    report(FindingKind.CAPACITY, "two ranks", two);
    Trials same = new Trials(EVAL_LOSS);
    for (int rank : new int[] {1, 4, 16}) {
      sweep(same, RANK + rank, 3, 0, rate -> 2);
    }
    report(FindingKind.CAPACITY, "on one line", same);
    Trials diverged = new Trials(REWARD);
    for (int rank : new int[] {1, 4, 16}) {
      sweep(diverged, RANK + rank, 3, 0, rate -> Double.NaN);
    }
    report(FindingKind.CAPACITY, "diverged", diverged);
    assertText("capacity");
  }

  @Test
  void none() throws IOException {
    Trials rates = new Trials(EVAL_LOSS);
    sweep(rates, FULL, 2, 0.01, Trials.bowl(1e-4, 1.5));
    sweep(rates, RANK + 8, 2, 0.01, rate -> rate > 1e-4 ? Double.NaN : 2 - rate);
    report(FindingKind.NONE, "rates", rates);
    Trials steps = new Trials(EVAL_LOSS);
    for (int seed = 1; seed <= 2; seed++) {
      for (int rank : new int[] {1, 8}) {
        double[] losses = {2.0 / rank, 1.5 / rank + 0.01 * seed};
        steps.add(RANK + rank + " --seed " + seed, new double[] {10, 20}, losses);
      }
    }
    report(FindingKind.NONE, "steps", steps);
    Trials evaluations = new Trials(new SweepMetric("pass@1", false, 1), "eval");
    for (int seed = 1; seed <= 3; seed++) {
      evaluations.add("--temperature 0.5 --seed " + seed, 0.1 * seed);
      evaluations.add("--temperature 1.5 --seed " + seed, 0.3 / seed);
    }
    report(FindingKind.NONE, "evaluations", evaluations);
    assertText("none");
  }

  @Test
  void advice() throws IOException {
    Trials losses = new Trials(EVAL_LOSS);
    sweep(losses, FULL, 3, 0.01, Trials.bowl(5e-5, 2));
    sweep(losses, RANK + 4, 3, 0.01, Trials.bowl(4e-4, 2.2));
    sweep(losses, RANK + 64, 3, 0.01, Trials.bowl(6e-4, 2));
    sweep(losses, RANK + 128, 3, 0.01, Trials.bowl(6e-1, 2));
    Trials higher = new Trials(REWARD);
    sweep(higher, RANK + 4, 3, 0.01, rewards(4e-4, 0.9, 0.1));
    sweep(higher, RANK + 64, 3, 0.01, rewards(4e-4, 0.8, 0.1));
    List<Path> sweeps =
        List.of(
            report(FindingKind.LEARNING_RATE, "losses", losses),
            report(FindingKind.NONE, "rewards", higher));
    reports.setLength(0);
    for (Path sweep : sweeps) {
      SweepAdvice advice = SweepAdvice.read(HadoopSettings.configuration(), sweep.toString());
      advice.requireSame("sft", Optional.of("4ed5cdd85ba9e0d9"));
      for (int rank : new int[] {0, 1, 16, 256}) {
        for (double rate : new double[] {1e-6, 4e-5, 5e-4, 0.1}) {
          advice.findings(rank, rate).forEach(finding -> reports.append(finding).append('\n'));
        }
      }
    }
    assertText("advice");
  }
}
