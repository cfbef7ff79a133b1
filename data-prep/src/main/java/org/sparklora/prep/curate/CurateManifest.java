package org.sparklora.prep.curate;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.TableManifest;

/**
 * {@value #FILE}, a JSON file in the output folder, written last. Keys are the component names in
 * snake case.
 *
 * @param inputs what decides the result
 * @param counts rows by what became of them
 * @param files the files of kept rows, in row order
 * @param seconds time taken
 */
public record CurateManifest(Inputs inputs, Counts counts, List<DataFile> files, double seconds) {
  /** Its name. */
  public static final String FILE = "manifest.json";

  /** The folder of the rows that stay. */
  public static final String DATA = WriteSplit.DATA;

  /**
   * The inputs.
   *
   * @param settings under the user's names
   * @param datasetFormat the recognised format
   * @param datasetFingerprint of the dataset's files, or of its table
   * @param table the table that was read, as in {@code prep}'s manifest; empty for files
   * @param bands of near duplicates; zeros without that step
   */
  public record Inputs(
      Map<String, Object> settings,
      String datasetFormat,
      String datasetFingerprint,
      Map<String, Object> table,
      LshBands bands) {}

  /**
   * Rows.
   *
   * @param rows of the dataset, with bad ones; a file that cannot be opened counts as one
   * @param kept rows of the result
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
      Map<String, Long> questions) {}

  /** A file of kept rows. */
  public record DataFile(String name, long rows) {}

  void write(Configuration configuration, Path folder) {
    TableManifest.write(configuration, new Path(folder, FILE), this);
  }

  /** One line for people. */
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
