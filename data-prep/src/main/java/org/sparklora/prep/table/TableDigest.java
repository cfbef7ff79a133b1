package org.sparklora.prep.table;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.run.FileVersion;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.pipeline.table.TableException;

/**
 * Identifies the current state of a table without versions by a SHA-256 over its files, or over all
 * rows if the table is a view or Spark names no files.
 */
final class TableDigest {
  /** The format of a table whose rows are the result of a query. */
  static final String VIEW = "view";

  private TableDigest() {}

  /** The SHA-256 in hexadecimal. */
  static String of(String format, Dataset<Row> rows) {
    String[] files = format.equals(VIEW) ? new String[0] : rows.inputFiles();
    return files.length > 0
        ? ofFiles(rows.sparkSession().sparkContext().hadoopConfiguration(), files)
        : ofRows(rows);
  }

  private static String ofFiles(Configuration hadoop, String[] files) {
    StringBuilder lines = new StringBuilder();
    try {
      for (FileStatus status : found(hadoop, files).values()) {
        FileSystem fileSystem = status.getPath().getFileSystem(hadoop);
        lines.append(
            "%s\t%s\t%s%n"
                .formatted(status.getPath(), status.getLen(), FileVersion.of(fileSystem, status)));
      }
    } catch (IOException e) {
      throw new TableException(
          "Cannot look at the table's files (%s): are they there?".formatted(e.getMessage()), e);
    }
    return Sha256.hex(lines.toString());
  }

  /** The files by path; lists each folder once, however many of its files are read. */
  private static Map<String, FileStatus> found(Configuration hadoop, String[] files)
      throws IOException {
    Map<String, FileStatus> found = new TreeMap<>();
    Set<Path> named =
        Arrays.stream(files)
            .map(file -> new Path(URI.create(file)))
            .collect(Collectors.toCollection(TreeSet::new));
    for (Path folder : named.stream().map(Path::getParent).collect(Collectors.toSet())) {
      FileSystem fileSystem = folder.getFileSystem(hadoop);
      for (FileStatus status : fileSystem.listStatus(folder)) {
        if (named.remove(status.getPath())) {
          collect(fileSystem, status, found);
        }
      }
    }
    for (Path path : named) { // paths that are named without their host
      FileSystem fileSystem = path.getFileSystem(hadoop);
      collect(fileSystem, fileSystem.getFileStatus(path), found);
    }
    return found;
  }

  /** Collects files recursively, since Hive's tables name folders. */
  private static void collect(
      FileSystem fileSystem, FileStatus status, Map<String, FileStatus> found) throws IOException {
    if (status.isFile()) {
      found.put(status.getPath().toString(), status);
      return;
    }
    for (FileStatus child : fileSystem.listStatus(status.getPath())) {
      collect(fileSystem, child, found);
    }
  }

  /** Hashes the number of rows and two sums of row hashes, in one pass over all rows. */
  private static String ofRows(Dataset<Row> rows) {
    Row sums =
        rows.select(contentHash(rows).as("hash"))
            .agg(
                functions.count("*"),
                functions.sum(functions.expr("cast(conv(left(hash, 15), 16, 10) as decimal(38))")),
                functions.sum(functions.expr("cast(conv(right(hash, 15), 16, 10) as decimal(38))")))
            .first();
    return Sha256.hex(sums.toString());
  }

  /** The SHA-256 of a row as JSON, its columns sorted by name. */
  static Column contentHash(Dataset<Row> rows) {
    Column[] sorted =
        Arrays.stream(rows.columns()).sorted().map(QueriedTable::quoted).toArray(Column[]::new);
    return functions.sha2(functions.to_json(functions.struct(sorted)), 256);
  }
}
