package org.sparklora.pipeline.table;

import java.io.Closeable;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;

/**
 * Writes one Parquet file of the {@code prompts} table. The bytes depend on the rows alone. Not
 * thread-safe.
 *
 * <p>Writes directly to its path; the caller decides when the file counts as complete.
 */
public final class PromptWriter implements Closeable {
  private final RowFile<Group> rows;

  private PromptWriter(RowFile<Group> rows) {
    this.rows = rows;
  }

  /**
   * Starts a file.
   *
   * @throws TableException when the file cannot be created
   */
  public static PromptWriter create(Configuration configuration, String file) {
    Map<String, String> version = Map.of(PromptSchema.VERSION_KEY, PromptSchema.VERSION);
    return new PromptWriter(
        RowFile.ofGroups(configuration, new Path(file), PromptSchema.SCHEMA, version));
  }

  /** Appends a row. */
  public void write(Prompt prompt) {
    rows.write(PromptSchema.toGroup(prompt));
  }

  @Override
  public void close() {
    rows.close();
  }
}
