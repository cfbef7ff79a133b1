package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * Cuts data files into splits: Parquet by row groups, JSON lines by bytes; a file of another format
 * is one split. Copies files of the driver's cache of the hub to where executors read them.
 */
public record DatasetSplits(Configuration configuration) {
  private static final long MIN_BYTES = 1L << 20;
  private static final long MAX_BYTES = 32L << 20;

  /**
   * About this many splits keep a small cluster busy on a small dataset; larger datasets have more.
   */
  private static final int WANTED_SPLITS = 64;

  /**
   * The splits of {@code files}, in row order.
   *
   * @param unreadable receives files whose header or footer is damaged; it may throw
   * @throws TableException for a file with an unknown compression codec
   */
  public List<DatasetSplit> of(List<DatasetFile> files, Consumer<BadRowException> unreadable) {
    long total = files.stream().mapToLong(DatasetFile::bytes).sum();
    long splitBytes = splitBytes(total);
    List<DatasetSplit> splits = new ArrayList<>();
    for (DatasetFile file : files) {
      try {
        splits.addAll(split(file, splitBytes));
      } catch (TableException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        unreadable.accept(
            new BadRowException(
                Reason.UNREADABLE_FILE,
                "the file is damaged (%s)".formatted(DataStreams.problem(e)),
                file.path(),
                e));
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
      case PARQUET -> ParquetSplit.of(configuration, file, splitBytes);
      case CSV, TSV -> List.of(new CsvSplit(file));
      case JSON ->
          isArray(file) ? List.of(new JsonArraySplit(file)) : JsonLinesSplit.of(file, splitBytes);
    };
  }

  private boolean isArray(DatasetFile file) throws IOException {
    try (InputStream in = DataStreams.open(configuration, file)) {
      int c = in.read();
      while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        c = in.read();
      }
      return c == '[';
    }
  }

  /**
   * Copies of downloaded files, which executors on other machines read.
   *
   * @param folder for the copies, on a file system that all machines see; the caller deletes it
   */
  public List<DatasetFile> copies(List<DatasetFile> files, Path folder) {
    return IntStream.range(0, files.size()).mapToObj(i -> copy(files.get(i), folder, i)).toList();
  }

  private DatasetFile copy(DatasetFile file, Path folder, int number) {
    // numbered, since files from different folders may have the same name
    Path target = new Path(folder, number + "-" + file.hadoopPath().getName());
    try {
      FileSystem fileSystem = target.getFileSystem(configuration);
      fileSystem.copyFromLocalFile(false, true, file.hadoopPath(), target);
      return file.at(fileSystem.makeQualified(target).toString());
    } catch (IOException e) {
      throw new TableException(
          "Cannot copy %s to %s (%s): executors read it there; make room or choose another --output_dir"
              .formatted(file.path(), target, e.getMessage()),
          e);
    }
  }
}
