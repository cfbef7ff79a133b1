package org.sparklora.pipeline.table;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/**
 * A table format whose folders may hold Parquet files that no longer belong to the table: deleted
 * or replaced rows stay in files that the table's log no longer names. Plain Parquet readers would
 * read those rows, so such folders are recognised and refused. Datasets in Delta Lake and Iceberg
 * are read through Spark if {@code --dataset_format} names the format.
 */
public enum OpenTableFormat {
  DELTA("Delta Lake", "_delta_log"),
  ICEBERG("Iceberg", "metadata"),
  HUDI("Hudi", ".hoodie");

  /** Names of Iceberg's metadata files; the folder's name {@code metadata} alone is too common. */
  private static final Pattern ICEBERG_METADATA =
      Pattern.compile("version-hint\\.text|.*\\.metadata\\.json(\\.gz)?|.*\\.gz\\.metadata\\.json");

  private final String title;
  private final String log;

  OpenTableFormat(String title, String log) {
    this.title = title;
    this.log = log;
  }

  /**
   * Finds the table that a folder is, or that contains it, as a partition.
   *
   * @return the table's folder and format; no entry if there is no such table
   * @throws IOException if the file system cannot be read
   */
  public static Map<Path, OpenTableFormat> atOrAbove(FileSystem fileSystem, Path folder)
      throws IOException {
    for (Path at = fileSystem.makeQualified(folder); at != null; at = at.getParent()) {
      for (OpenTableFormat format : values()) {
        if (format.isAt(fileSystem, at)) {
          return Map.of(at, format);
        }
      }
    }
    return Map.of();
  }

  /**
   * Refuses a folder that is a table of these formats, or is in one.
   *
   * @throws TableException naming the format, and how to get plain Parquet from the table
   * @throws IOException if the file system cannot be read
   */
  public static void refuseAtOrAbove(FileSystem fileSystem, Path folder) throws IOException {
    for (var table : atOrAbove(fileSystem, folder).entrySet()) {
      throw table.getValue().refusal(table.getKey().toString());
    }
  }

  /**
   * The format of a folder that is such a table; empty for other folders.
   *
   * @param children all files and folders in the folder
   */
  public static Optional<OpenTableFormat> of(
      FileSystem fileSystem, Path folder, FileStatus[] children) throws IOException {
    for (OpenTableFormat format : values()) {
      boolean named =
          Arrays.stream(children).anyMatch(child -> child.getPath().getName().equals(format.log));
      if (named && format.isAt(fileSystem, folder)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /**
   * Refuses a repository that is or contains a table of these formats.
   *
   * @param paths paths of all its files
   */
  public static void refuse(String name, Collection<String> paths) {
    for (OpenTableFormat format : values()) {
      String log = "(.*/)?" + Pattern.quote(format.log) + "/";
      Pattern pattern =
          Pattern.compile(
              format == ICEBERG ? log + "(" + ICEBERG_METADATA.pattern() + ")" : log + ".*");
      if (paths.stream().anyMatch(path -> pattern.matcher(path).matches())) {
        throw format.refusal(name);
      }
    }
  }

  private boolean isAt(FileSystem fileSystem, Path folder) throws IOException {
    Path inside = new Path(folder, log);
    try {
      if (this != ICEBERG) {
        return fileSystem.getFileStatus(inside).isDirectory();
      }
      return Stream.of(fileSystem.listStatus(inside))
          .anyMatch(file -> ICEBERG_METADATA.matcher(file.getPath().getName()).matches());
    } catch (FileNotFoundException | AccessControlException | AccessDeniedException e) {
      return false; // denied above the user's folders: by HDFS, or by S3A and a local disk
    }
  }

  /**
   * The exception for a dataset in this format that was to be read as files; says how to read it as
   * a table.
   */
  public TableException refusalOfDataset(String table) {
    return this == HUDI // spark-lora has no reader for Hudi
        ? refusal(table)
        : new TableException(
            "Cannot read %s as Parquet: it is a table of %s (it has %s), whose folder also holds files that the table no longer has; read the table with --dataset_name %s --dataset_format %s"
                .formatted(table, title, log, table, name().toLowerCase(Locale.ROOT)));
  }

  public TableException refusal(String table) {
    return new TableException(
        "Cannot read %s as Parquet: it is a table of %s (it has %s), whose folder also holds files that the table no longer has; write its rows to a folder of plain Parquet first, with spark.read.format(\"%s\").load(\"%s\").write.parquet(…), and name that"
            .formatted(table, title, log, name().toLowerCase(Locale.ROOT), table));
  }
}
