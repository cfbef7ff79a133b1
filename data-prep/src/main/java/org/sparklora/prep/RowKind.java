package org.sparklora.prep;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.format.RowFormat;

/**
 * The kind of rows a table has, packed rows or prompts; {@link PrepJob} does what both kinds share.
 *
 * <p>Immutable, serialisable with Java's serialiser: tasks receive it.
 */
sealed interface RowKind extends Serializable permits PackedRows, PromptRows {
  /**
   * The kind of row that a dataset's rows become.
   *
   * @param source the dataset of {@code config}, or one of its mixture
   * @param sample by column its first non-null value, or null
   * @throws org.sparklora.pipeline.config.ConfigException if such a table cannot be made of them
   */
  static RowKind recognise(
      TableConfig config, PrepConfig.Source source, Map<String, Object> sample) {
    return config instanceof PrepConfig packed
        ? PackedRows.recognise(packed, source, sample)
        : PromptRows.recognise((PromptsConfig) config, source, sample);
  }

  PrepConfig.Source source();

  RowFormat format();

  /** Names of both stages, for progress. */
  List<String> stages();

  /**
   * Checks that the model folder has the files that the dataset's format needs.
   *
   * @return SHA-256 of the chat template in use; empty without one
   * @throws org.sparklora.pipeline.config.ConfigException if something is missing
   */
  String requireText(ModelText read);

  /**
   * Writes the file that holds a split's documents between the stages.
   *
   * @param reading reads the split, and passes each row to its argument
   */
  SplitReport tokenize(
      Configuration hadoop, Path file, ModelText read, Function<RowWriter, SplitReport> reading);

  /** Writes documents or prompts. Used by one thread. */
  interface RowWriter {
    /**
     * Appends the document or prompt of a row, and counts it in the report.
     *
     * @return number of tokens
     * @throws org.sparklora.prep.source.BadRowException without a place, if the row is bad
     */
    int write(Map<String, Object> row, SplitReport report);
  }

  /** The message of the error that no row became a document. */
  String nothing(PrepCounts counts);

  /**
   * The files of the table; they depend on the documents and their order alone, never on the number
   * of cores.
   *
   * @param lengths by split, the length of each of its documents
   * @param sources by split, the number of its dataset; empty without a mixture
   */
  List<RowFile> plan(List<int[]> lengths, int[] sources);

  /** A file of the table. */
  interface RowFile extends Serializable {
    /**
     * Writes the file from those of the first stage in the folder {@code documents}.
     *
     * @param tokens receives the token count of each row; it ends a killed task
     */
    SplitReport write(
        Configuration configuration, Path documents, Path output, LongConsumer tokens);
  }

  /** The counts of this kind for the manifest, by name, with those of the files written. */
  Map<String, Number> counts(PrepCounts counts, PrepCounts written);
}
