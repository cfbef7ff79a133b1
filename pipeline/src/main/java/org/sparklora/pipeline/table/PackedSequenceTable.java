package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.metadata.BlockMetaData;

/**
 * A folder of Parquet files that together are one {@code packed} table. Rows are ordered by file
 * name, then by place in the file; samplers and logs identify a row by its number in this order.
 *
 * <p>Reading needs no Spark. Immutable and thread-safe; the files must not change while the table
 * is open.
 *
 * @param files the files in row order
 */
public record PackedSequenceTable(Configuration configuration, List<String> files, long rowCount) {
  /**
   * The name of file {@code index} of {@code count}, as the Hugging Face hub names the files of a
   * split.
   */
  public static String fileName(int index, int count) {
    return String.format(Locale.ROOT, "train-%05d-of-%05d.parquet", index, count);
  }

  /**
   * Opens a folder by reading the footers of its Parquet files.
   *
   * @throws TableException when there is no such folder, no Parquet file in it, or a damaged one
   */
  public static PackedSequenceTable open(Configuration configuration, String folder) {
    List<String> files = FileList.parquet(configuration, folder, "packed table", "prep");
    long rows =
        files.stream()
            .flatMap(file -> RowFile.footer(configuration, file).getBlocks().stream())
            .mapToLong(BlockMetaData::getRowCount)
            .sum();
    return new PackedSequenceTable(configuration, files, rows);
  }

  /** Passes every row of {@code files} to {@code consumer}, in order. */
  public static void forEach(
      Configuration configuration, List<String> files, Consumer<PackedSequence> consumer) {
    for (String file : files) {
      RowFile.forEach(
          configuration,
          file,
          "prep",
          new PackedSequenceMaterializer.Support(),
          row -> row,
          consumer);
    }
  }

  /** All rows in order; for tables that fit into memory. */
  public List<PackedSequence> readAll() {
    List<PackedSequence> rows = new ArrayList<>();
    forEach(configuration, files, rows::add);
    return rows;
  }
}
