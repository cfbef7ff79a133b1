package org.sparklora.prep.curate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.sparklora.prep.DatasetIdentity;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepCounts;
import org.sparklora.prep.document.SplitReport.Count;

/**
 * {@value #FILE}, a JSON file in the output folder, written last. Keys are the component names in
 * snake case.
 *
 * @param sources of a mixture: {@code rows} and {@code kept} of each dataset
 * @param files the files of kept rows, in row order
 */
public record CurateManifest(
    Inputs inputs,
    Counts counts,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Map<String, Long>> sources,
    List<DataFile> files,
    double seconds) {
  public static final String FILE = "manifest.json";

  /** The folder of the rows that stay. */
  public static final String DATA = "data";

  /**
   * The inputs, which decide the result.
   *
   * @param settings under the user's names
   * @param datasets identity of the files or tables that were read, as in {@code prep}'s manifest
   * @param bands of near duplicates; zeros without that step
   */
  public record Inputs(
      Map<String, Object> settings,
      String datasetFormat,
      @JsonUnwrapped DatasetIdentity datasets,
      MinHashLsh bands) {}

  /**
   * Rows.
   *
   * @param rows of the dataset, with bad ones; a file that cannot be opened counts as one
   * @param removed rows by step, in the order of the steps
   * @param badRows rows of the step {@code read} by reason, as {@code prep} counts them
   * @param problems the first messages about bad rows
   * @param questions of the evaluation sets: {@code compared} and {@code too_short}
   */
  public record Counts(
      long rows,
      long kept,
      Map<String, Long> removed,
      Map<String, Long> badRows,
      List<String> problems,
      Map<String, Long> questions) {

    /** The sums over the parts, with the last stage's reports of each. */
    static Counts of(
        List<CuratedPart> parts, List<List<CurateReport>> written, EvaluationQuestions questions) {
      List<CurateReport> all = written.stream().flatMap(List::stream).toList();
      Map<String, Long> removed = new LinkedHashMap<>();
      for (Step step : Step.values()) {
        removed.put(step.word(), sum(all, task -> task.removed.getOrDefault(step.word(), 0L)));
      }
      PrepCounts counts = PrepCounts.sum(parts.stream().map(CuratedPart::rows).toList());
      return new Counts(
          counts.of(Count.ROWS),
          sum(all, task -> task.kept),
          removed,
          counts.skipped(),
          counts.problems(),
          questions.counts());
    }
  }

  private static long sum(List<CurateReport> tasks, ToLongFunction<CurateReport> count) {
    return tasks.stream().mapToLong(count).sum();
  }

  /** Rows and kept rows of a mixture's datasets. */
  static Map<String, Map<String, Long>> sources(
      Mixture mixture, List<CuratedPart> parts, List<List<CurateReport>> written) {
    Map<String, Map<String, Long>> sources = new LinkedHashMap<>();
    for (String name : mixture.names()) {
      int part = sources.size();
      Map<String, Long> ofPart = new LinkedHashMap<>();
      ofPart.put("rows", parts.get(part).rows().counts().of(Count.ROWS));
      ofPart.put("kept", sum(written.get(part), task -> task.kept));
      sources.put(name, ofPart);
    }
    return sources;
  }

  public record DataFile(String name, long rows) {}

  public String summary() {
    String removed =
        counts.removed.entrySet().stream()
            .filter(step -> step.getValue() > 0)
            .map(step -> String.format(Locale.ROOT, "%s %,d", step.getKey(), step.getValue()))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "%,d of %,d rows kept%s",
        counts.kept,
        counts.rows,
        removed.isEmpty() ? "" : "; removed: " + removed);
  }
}
