package org.sparklora.prep;

import java.io.Closeable;
import java.io.Serializable;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.SplitReport;

/**
 * The kind of rows a table has, packed rows or prompts; {@link PrepJob} does what both kinds share.
 *
 * <p>Immutable, serialisable with Java's serialiser: tasks receive it.
 */
sealed interface RowKind<C extends TableCounts> extends Serializable
    permits PackedRows, PromptRows {
  TableConfig<C> config();

  /** The recognised dataset format, for logs and the manifest. */
  String description();

  /** The columns to read; empty: all. */
  Set<String> columns();

  /** Names of both stages, for progress. */
  List<String> stages();

  /**
   * Checks that the model folder has the files that the dataset's format needs.
   *
   * @param read loaded from {@code text}
   * @return SHA-256 of the chat template in use; empty without one
   * @throws org.sparklora.pipeline.config.ConfigException if something is missing
   */
  String requireText(TextSource text, ModelText read);

  /** Logs that the table is being made. */
  void announce(String dataset);

  /**
   * Opens the file that holds a split's documents between the stages.
   *
   * @param clock for chat templates; the same in all tasks of a job
   */
  Documents create(Configuration configuration, Path file, TextSource text, Clock clock);

  /** The file that {@link #create} opens. Used by one thread. */
  interface Documents extends Closeable {
    /**
     * Appends the document or prompt of a row, and counts it in the report.
     *
     * @return number of tokens
     * @throws org.sparklora.prep.source.BadRowException without a place, if the row is bad
     */
    int write(Map<String, Object> row, SplitReport report);

    @Override
    void close();
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
     * Writes the file.
     *
     * @param documents the folder with the first stage's files
     */
    RowFileReport write(Configuration configuration, Path documents, Path output);
  }

  /**
   * The counts for the manifest.
   *
   * @param written of all files together
   */
  C counts(PrepCounts counts, RowFileReport written);
}
