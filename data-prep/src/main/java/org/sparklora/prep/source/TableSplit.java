package org.sparklora.prep.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * Consecutive rows of a table in its order, which Spark has sorted and written, in a part of a
 * Parquet file.
 *
 * @param table name and version, for messages
 * @param firstRow number of the split's first row among all rows read, from 0
 */
public record TableSplit(ParquetSplit rows, String table, long firstRow) implements DatasetSplit {
  /** The column with the data file that a row came from, for messages; it may be missing. */
  public static final String FILE_COLUMN = "_spark_lora_file";

  private static final Pattern PART = Pattern.compile("part-(\\d+)-.*\\.parquet");

  /**
   * The splits, in row order.
   *
   * @param folder written by Spark: the numbers in its file names give the order
   * @param table name and version, for messages
   */
  public static List<DatasetSplit> of(Configuration configuration, Path folder, String table) {
    try {
      List<DatasetFile> files = new ArrayList<>();
      for (FileStatus status : folder.getFileSystem(configuration).listStatus(folder)) {
        if (PART.matcher(status.getPath().getName()).matches()) {
          files.add(
              new DatasetFile(
                  status.getPath().toString(), status.getLen(), FileFormat.PARQUET, false));
        }
      }
      files.sort(Comparator.comparingInt(TableSplit::number).thenComparing(DatasetFile::path));
      return splits(configuration, files, table);
    } catch (IOException e) {
      throw new TableException(
          "Cannot read what was written of %s (%s): look at the disk"
              .formatted(table, e.getMessage()),
          e);
    }
  }

  private static int number(DatasetFile file) {
    return Integer.parseInt(PART.matcher(file.hadoopPath().getName()).replaceFirst("$1"));
  }

  private static List<DatasetSplit> splits(
      Configuration configuration, List<DatasetFile> files, String table) throws IOException {
    List<DatasetSplit> splits = new ArrayList<>();
    long before = 0; // rows of the preceding files
    for (DatasetFile file : files) {
      long splitBytes = DatasetSplits.splitBytes(file.bytes());
      for (ParquetSplit part : ParquetSplit.of(configuration, file, splitBytes)) {
        splits.add(new TableSplit(part, table, before + part.firstRow()));
      }
      before += ParquetSplit.rows(configuration, file);
    }
    return splits;
  }

  @Override
  public DatasetFile file() {
    return rows.file();
  }

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    Set<String> wanted = new HashSet<>(columns);
    if (!columns.isEmpty()) {
      wanted.add(FILE_COLUMN);
    }
    rows.read(configuration, wanted, new Numbering(handler));
  }

  /** Replaces the place of each row by its place in the table. Not thread-safe. */
  private final class Numbering implements RowHandler {
    private final RowHandler handler;
    private long next = firstRow;

    Numbering(RowHandler handler) {
      this.handler = handler;
    }

    @Override
    public void row(SourceRow row) {
      Map<String, Object> values = row.values(); // made for this row, and not yet passed on
      Object file = values.remove(FILE_COLUMN);
      long number = next++;
      handler.row(new SourceRow(values, () -> place(number, file), row.stored()));
    }

    private String place(long number, Object file) {
      String place = "%s row %s".formatted(table, number);
      return file == null ? place : "%s (of %s)".formatted(place, file);
    }

    @Override
    public void bad(BadRowException problem) {
      handler.bad(problem);
    }
  }
}
