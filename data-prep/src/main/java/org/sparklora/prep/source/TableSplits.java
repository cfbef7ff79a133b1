package org.sparklora.prep.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/** The rows of a table that Spark has sorted and written as Parquet. */
public final class TableSplits {
  /** The column with the data file that a row came from, for messages; it may be missing. */
  public static final String FILE_COLUMN = "_spark_lora_file";

  private static final Pattern PART = Pattern.compile("part-(\\d+)-.*\\.parquet");

  private TableSplits() {}

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
      files.sort(Comparator.comparingInt(TableSplits::number).thenComparing(DatasetFile::path));
      return splits(configuration, files, table);
    } catch (IOException e) {
      throw new TableException(
          "Cannot read what was written of %s (%s): look at the disk"
              .formatted(table, e.getMessage()),
          e);
    }
  }

  private static int number(DatasetFile file) {
    Matcher matcher = PART.matcher(file.hadoopPath().getName());
    if (!matcher.matches()) {
      throw new AssertionError(file.path());
    }
    return Integer.parseInt(matcher.group(1));
  }

  private static List<DatasetSplit> splits(
      Configuration configuration, List<DatasetFile> files, String table) throws IOException {
    List<DatasetSplit> splits = new ArrayList<>();
    long before = 0; // rows of the preceding files
    DatasetSplits cut = new DatasetSplits(configuration);
    for (DatasetFile file : files) {
      for (DatasetSplit split :
          cut.of(
              List.of(file),
              problem -> {
                throw problem;
              })) {
        ParquetSplit part = (ParquetSplit) split;
        splits.add(new TableSplit(part, table, before + part.firstRow()));
      }
      before += ParquetSplit.rows(configuration, file);
    }
    return splits;
  }
}
