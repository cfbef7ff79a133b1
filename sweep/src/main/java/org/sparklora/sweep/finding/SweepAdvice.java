package org.sparklora.sweep.finding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.estimate.Finding;
import org.sparklora.observe.estimate.Finding.Severity;
import org.sparklora.observe.estimate.Source;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * The advice of a sweep for a run of the same model: the best learning rate of similar trials, and
 * the smallest rank as good as any. Reads the sweep's {@code results.json}.
 */
public record SweepAdvice(String folder, JsonNode results) {
  /** A rate within this factor of the best one is as advised: curves are flat near the optimum. */
  private static final double FACTOR = 2;

  /** A rank within this share of the best metric is as good. */
  private static final double AS_GOOD_SHARE = 0.01;

  /** The finding of the regret report that the measured rate replaces. */
  private static final String RATE = "learning rate";

  /**
   * The best rate of trials of one kind.
   *
   * @param rank of the adapter; 0 for all weights
   * @param cost the metric at that rate, negated if larger is better
   */
  private record Best(int rank, double rate, double low, double high, double cost) {}

  /** Reads a sweep; a folder without a completed one is refused. */
  public static SweepAdvice read(Configuration hadoop, String folder) {
    Path file = new Path(folder, SweepReport.RESULTS);
    try {
      FileSystem fileSystem = file.getFileSystem(hadoop);
      ConfigException.require(
          fileSystem.exists(file),
          Flags.SWEEP,
          folder,
          "it holds no %s; name the --output_dir of a sweep that is done"
              .formatted(SweepReport.RESULTS));
      try (InputStream in = fileSystem.open(file)) {
        return new SweepAdvice(folder, new ObjectMapper().readTree(in));
      }
    } catch (IOException e) {
      throw new ConfigException(
          Flags.SWEEP, folder, "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  /**
   * Refuses a sweep of another model or another kind of training.
   *
   * @param fingerprint of the run's model; empty if its weights are not available, which skips the
   *     check
   */
  public void requireSame(String command, Optional<String> fingerprint) {
    ConfigException.require(
        results.path("command").asText().equals(command),
        Flags.SWEEP,
        folder,
        "its trials are of %s, the run is of %s"
            .formatted(results.path("command").asText(), command));
    String measured = results.path("model_fingerprint").asText();
    ConfigException.require(
        fingerprint.isEmpty() || fingerprint.get().equals(measured),
        Flags.SWEEP,
        folder,
        "it is of another model than the run's; sweep this one, or leave it out");
  }

  /**
   * The findings that replace those of the same names in the regret report.
   *
   * @param rank rank of the run's adapter; 0 for full fine-tuning
   */
  public List<Finding> findings(int rank, double rate) {
    List<Best> all = optima();
    List<Finding> findings = new ArrayList<>();
    findings.add(
        all.stream()
            .filter(best -> best.rank() > 0 == rank > 0)
            .min(Comparator.comparingDouble(best -> distance(best.rank(), rank)))
            .map(best -> rate(best, rate))
            .orElseGet(
                () ->
                    new Finding(
                        RATE,
                        shown(rate),
                        Map.of("learning_rate_of_run", rate),
                        Severity.UNKNOWN,
                        "the sweep has no best rate inside of its grid for such a run",
                        List.of(Source.SWEEP))));
    if (rank > 0) {
      rank(all, rank).ifPresent(findings::add);
    }
    return findings;
  }

  private static double distance(int a, int b) {
    return Math.abs(Math.log(Math.max(1, a)) - Math.log(Math.max(1, b)));
  }

  /** The optima inside their grids. */
  private List<Best> optima() {
    double sign = results.path("metric").path("goal").asText().equals("min") ? 1 : -1;
    List<Best> optima = new ArrayList<>();
    for (JsonNode best : results.path("optima")) {
      if (best.path("best_rate").isNumber() && !best.path("at_edge").asBoolean(true)) {
        optima.add(
            new Best(
                best.path("rank").asInt(),
                best.path("best_rate").asDouble(),
                best.path("low").asDouble(),
                best.path("high").asDouble(),
                sign * best.path("best_metric").asDouble(Double.NaN)));
      }
    }
    return optima;
  }

  private Finding rate(Best best, double rate) {
    boolean near = rate >= best.low() / FACTOR && rate <= best.high() * FACTOR;
    return new Finding(
        RATE,
        "%s; this sweep's best for %s: %s [%s, %s]"
            .formatted(
                shown(rate),
                best.rank() == 0 ? "all weights" : "rank " + best.rank(),
                shown(best.rate()),
                shown(best.low()),
                shown(best.high())),
        Map.of(
            "learning_rate_of_run", rate,
            "measured_learning_rate", best.rate(),
            "low", best.low(),
            "high", best.high()),
        near ? Severity.OK : Severity.REGRET,
        near
            ? "as measured on this model"
            : String.format(
                Locale.ROOT,
                rate / best.rate() < 10
                    ? "%.2f times the measured best"
                    : "%.0f times the measured best",
                rate / best.rate()),
        List.of(Source.SWEEP));
  }

  private static String shown(double rate) {
    return String.format(Locale.ROOT, "%.3e", rate).replaceFirst("e([+-])0", "e$1");
  }

  private Optional<Finding> rank(List<Best> all, int rank) {
    List<Best> adapters =
        all.stream().filter(best -> best.rank() > 0 && Double.isFinite(best.cost())).toList();
    if (adapters.stream().map(Best::rank).distinct().count() < 2) {
      return Optional.empty();
    }
    double least = adapters.stream().mapToDouble(Best::cost).min().orElseThrow();
    int enough =
        adapters.stream()
            .filter(best -> best.cost() <= least + AS_GOOD_SHARE * Math.abs(least))
            .mapToInt(Best::rank)
            .min()
            .orElseThrow();
    return Optional.of(
        new Finding(
            "rank",
            "%s; in this sweep rank %s is within 1 %% of the best".formatted(rank, enough),
            Map.of("rank_of_run", rank, "measured_sufficient_rank", enough),
            rank >= enough ? Severity.OK : Severity.REGRET,
            rank >= enough ? "enough, as measured on this model" : "a higher rank was better",
            List.of(Source.SWEEP)));
  }
}
