package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * Cuts data files into splits: Parquet by row groups, JSON lines by bytes; a file of another format
 * is one split. Copies files of the driver's cache of the hub to where executors read them.
 */
public record DatasetSplits(Configuration configuration) {
  /** The column with the data file that a table's row came from, for messages; may be missing. */
  public static final String FILE_COLUMN = "_spark_lora_file";

  private static final Pattern PART = Pattern.compile("part-(\\d+)-.*\\.parquet");
  private static final long MIN_BYTES = 1L << 20;
  private static final long MAX_BYTES = 32L << 20;

  /** So many splits keep a small cluster busy on a small dataset; larger datasets have more. */
  private static final int WANTED_SPLITS = 64;

  /**
   * The splits of {@code files}, in row order.
   *
   * @param unreadable receives files whose header or footer is damaged; it may throw
   * @throws TableException for a file with an unknown compression codec
   */
  public List<DatasetSplit> of(List<DatasetFile> files, Consumer<BadRowException> unreadable) {
    long splitBytes = splitBytes(files.stream().mapToLong(DatasetFile::bytes).sum());
    List<DatasetSplit> splits = new ArrayList<>();
    for (DatasetFile file : files) {
      try {
        splits.addAll(split(file, splitBytes));
      } catch (TableException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        String problem = "the file is damaged (%s)".formatted(DataStreams.problem(e));
        unreadable.accept(new BadRowException(Reason.UNREADABLE_FILE, problem, file.name(), e));
      }
    }
    return splits;
  }

  /** Approximate size of a split if the dataset has {@code total} bytes. */
  static long splitBytes(long total) {
    return Math.max(MIN_BYTES, Math.min(MAX_BYTES, total / WANTED_SPLITS));
  }

  private List<? extends DatasetSplit> split(DatasetFile file, long splitBytes) throws IOException {
    return switch (file.format()) {
      case PARQUET -> ParquetSplit.of(configuration, file, splitBytes, 0);
      case CSV, TSV -> List.of(new CsvSplit(file));
      case JSON ->
          isArray(file) ? List.of(new JsonArraySplit(file)) : JsonLinesSplit.of(file, splitBytes);
    };
  }

  private boolean isArray(DatasetFile file) throws IOException {
    try (InputStream in = DataStreams.open(configuration, file, 0)) {
      int c = in.read();
      while (" \t\r\n\u00EF\u00BB\u00BF".indexOf(c) >= 0) { // white space, a byte order mark
        c = in.read();
      }
      return c == '[';
    }
  }

  /**
   * The splits of a table's rows, which Spark has sorted and written as Parquet, in row order.
   *
   * @param folder written by Spark: the numbers in its file names give the order
   * @param table name and version, for messages
   */
  public List<DatasetSplit> ofTable(Path folder, String table) {
    try {
      List<DatasetFile> files = new ArrayList<>();
      for (FileStatus status : folder.getFileSystem(configuration).listStatus(folder)) {
        if (PART.matcher(status.getPath().getName()).matches()) {
          files.add(new DatasetFile(status.getPath().toString(), status.getLen(), false, table));
        }
      }
      files.sort(Comparator.comparingInt(DatasetSplits::number).thenComparing(DatasetFile::path));
      List<DatasetSplit> splits = new ArrayList<>();
      long before = 0; // rows of the preceding files
      for (DatasetFile file : files) {
        long splitBytes = splitBytes(file.bytes());
        for (ParquetSplit split : ParquetSplit.of(configuration, file, splitBytes, before)) {
          splits.add(split);
          before = split.firstRow() + split.rows();
        }
      }
      return splits;
    } catch (IOException e) {
      throw TableException.unread("what was written of " + table, e, "look at the disk");
    }
  }

  private static int number(DatasetFile file) {
    return Integer.parseInt(PART.matcher(file.hadoopPath().getName()).replaceFirst("$1"));
  }

  /**
   * The same splits of copies of downloaded files, which executors on other machines read.
   *
   * @param folder for the copies, on a file system that all machines see; the caller deletes it
   */
  public List<DatasetSplit> copies(List<DatasetSplit> splits, Path folder) {
    Map<DatasetFile, DatasetFile> copies = new HashMap<>();
    splits.forEach(
        split -> copies.computeIfAbsent(split.file(), file -> copy(file, folder, copies.size())));
    return splits.stream().map(split -> samePart(copies.get(split.file()), split)).toList();
  }

  private static DatasetSplit samePart(DatasetFile file, DatasetSplit split) {
    // Java 17 has no pattern switch; the last line serves the sealed interface's last cases.
    if (split instanceof ParquetSplit part) {
      return new ParquetSplit(file, part.firstGroup(), part.groups(), part.firstRow(), part.rows());
    }
    if (split instanceof JsonLinesSplit lines) {
      return new JsonLinesSplit(file, lines.start(), lines.end());
    }
    return split instanceof CsvSplit ? new CsvSplit(file) : new JsonArraySplit(file);
  }

  private DatasetFile copy(DatasetFile file, Path folder, int number) {
    // numbered, since files from different folders may have the same name
    Path target = new Path(folder, number + "-" + file.hadoopPath().getName());
    try {
      FileSystem fileSystem = target.getFileSystem(configuration);
      fileSystem.copyFromLocalFile(false, true, file.hadoopPath(), target);
      String place = fileSystem.makeQualified(target).toString();
      return new DatasetFile(place, file.bytes(), false, file.name());
    } catch (IOException e) {
      throw new TableException(
          "Cannot copy %s to %s (%s): executors read it there; make room or choose another --output_dir"
              .formatted(file.path(), target, e.getMessage()),
          e);
    }
  }
}
