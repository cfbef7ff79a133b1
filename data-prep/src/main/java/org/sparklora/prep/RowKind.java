package org.sparklora.prep;

import java.io.Closeable;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.SplitReport;

/**
 * What the rows of a dataset become, packed rows or prompts; {@link PrepJob} has what both share.
 *
 * <p>Immutable, serialisable with Java's serialiser: tasks have it too.
 */
sealed interface RowKind<C extends TableCounts> extends Serializable
    permits PackedRows, PromptRows {
  TableConfig<C> config();

  /** The format that was recognised, for logs and the manifest. */
  String description();

  /** The columns to read; empty: all. */
  Set<String> columns();

  /** How progress calls both stages. */
  List<String> stages();

  /**
   * Looks at what the dataset's format needs of the model folder.
   *
   * @param read of {@code text}
   * @return the SHA-256 of the chat template that renders; empty without one
   * @throws org.sparklora.pipeline.config.ConfigException if something is missing
   */
  String requireText(TextSource text, ModelText read);

  /** Logs that the table is made now. */
  void announce(String dataset);

  /** Opens the file with the documents of a split, between the stages. */
  Documents create(Configuration configuration, Path file, TextSource text);

  /** The file that {@link #create} opens. Used by one thread. */
  interface Documents extends Closeable {
    /**
     * Appends what a row becomes, and counts it in the report.
     *
     * @return how many tokens
     * @throws org.sparklora.prep.source.BadRowException without a place, if the row is bad
     */
    int write(Map<String, Object> row, SplitReport report);

    @Override
    void close();
  }

  /** Why there is no table: no row became a document. */
  String nothing(PrepCounts counts);

  /**
   * The files of the table; they depend on the documents and their order alone, never on the number
   * of cores.
   *
   * @param lengths by split, the length of each of its documents
   */
  List<RowFile> plan(List<int[]> lengths);

  /** A file of the table. */
  interface RowFile extends Serializable {
    /**
     * Writes the file.
     *
     * @param documents the folder with the first stage's files
     */
    default RowFileReport write(Configuration configuration, Path documents, Path output) {
      return AttemptFile.write(
          configuration,
          documents,
          output,
          attempt -> writeRows(configuration, documents, attempt));
    }

    RowFileReport writeRows(Configuration configuration, Path documents, Path output);
  }

  /** What the manifest counts. */
  C counts(PrepCounts counts, List<RowFileReport> written);
}
