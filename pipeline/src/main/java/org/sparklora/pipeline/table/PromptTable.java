package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.example.GroupReadSupport;

/**
 * A folder of Parquet files that together are one {@code prompts} table, in the order of the file
 * names. A row's number in that order is its {@link Prompt#id}.
 *
 * <p>Reading needs no Spark. Immutable and thread-safe; the files must not change while the table
 * is open.
 */
public record PromptTable(Configuration configuration, List<String> files) {
  private static final String MAKER = "prep --task grpo";

  /** The name of file {@code index} of {@code count}. */
  public static String fileName(int index, int count) {
    return PackedSequenceTable.fileName(index, count);
  }

  /**
   * Opens a folder.
   *
   * @throws TableException when there is no such folder, no Parquet file in it, or a file without
   *     prompts
   */
  public static PromptTable open(Configuration configuration, String folder) {
    TableFiles files = TableFiles.list(configuration, folder, "prompts table", MAKER);
    for (String file : files.paths()) {
      String version = files.metadata(file).get(PromptSchema.VERSION_KEY);
      if (!PromptSchema.VERSION.equals(version)) {
        throw new TableException(
            "Cannot read %s: it is %s and not a prompts table of version %s; run prep --task grpo again"
                .formatted(
                    file,
                    version == null ? "something else" : "of version " + version,
                    PromptSchema.VERSION));
      }
    }
    return new PromptTable(configuration, files.paths());
  }

  /** Whether a folder's Parquet files are a prompts table, of any version. */
  public static boolean isAt(Configuration configuration, String folder) {
    TableFiles files = TableFiles.list(configuration, folder, "prompts table", MAKER);
    return files.metadata(files.paths().get(0)).containsKey(PromptSchema.VERSION_KEY);
  }

  /**
   * All rows in order, each with all columns that the table has; for tables that fit into memory.
   *
   * @throws TableException when a file is damaged, or the files are of several tables
   */
  public List<Prompt> readAll() {
    List<Prompt> rows = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    Set<Long> ids = new HashSet<>();
    for (String file : files) {
      forEach(
          configuration,
          file,
          row -> {
            if (!ids.add(row.id())) {
              throw new TableException(
                  "Cannot read %s: the folder has two prompts of id %s, so its files are of several tables; give each a folder"
                      .formatted(file, row.id()));
            }
            rows.add(row);
          });
    }
    rows.forEach(row -> names.addAll(row.columns().keySet()));
    rows.replaceAll(row -> row.withAll(names));
    return rows;
  }

  /**
   * Passes every row of one file to {@code consumer}, in order.
   *
   * @throws TableException when the file is damaged; names the row
   */
  public static void forEach(Configuration configuration, String file, Consumer<Prompt> consumer) {
    RowFile.forEach(
        configuration, file, MAKER, new GroupReadSupport(), PromptSchema::fromGroup, consumer);
  }
}
