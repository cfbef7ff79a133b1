package org.sparklora.prep.table;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.run.FileStamp;
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

  static String of(String format, Dataset<Row> rows) {
    String[] files = format.equals(VIEW) ? new String[0] : rows.inputFiles();
    return files.length > 0
        ? ofFiles(rows.sparkSession().sparkContext().hadoopConfiguration(), files)
        : ofRows(rows);
  }

  private static String ofFiles(Configuration hadoop, String[] files) {
    Map<String, String> lines = new TreeMap<>(); // by path
    Map<Path, FileStatus> listed = new HashMap<>();
    Set<Path> folders = new HashSet<>();
    try {
      for (String file : files) {
        Path path = new Path(URI.create(file));
        FileSystem fileSystem = path.getFileSystem(hadoop);
        if (folders.add(path.getParent())) { // listed once, however many of its files are read
          for (FileStatus status : fileSystem.listStatus(path.getParent())) {
            listed.put(status.getPath(), status);
          }
        }
        FileStatus known = listed.get(path); // null if the path is named without its host
        collect(fileSystem, known == null ? fileSystem.getFileStatus(path) : known, lines);
      }
    } catch (IOException e) {
      throw new TableException(
          "Cannot look at the table's files (%s): are they there?".formatted(e.getMessage()), e);
    }
    return Sha256.hex(String.join("", lines.values()));
  }

  /** Collects files recursively, since Hive's tables name folders. */
  private static void collect(FileSystem fileSystem, FileStatus status, Map<String, String> lines)
      throws IOException {
    if (status.isFile()) {
      String path = status.getPath().toString();
      String version = FileStamp.version(fileSystem, status);
      lines.put(path, "%s\t%s\t%s%n".formatted(path, status.getLen(), version));
      return;
    }
    for (FileStatus child : fileSystem.listStatus(status.getPath())) {
      collect(fileSystem, child, lines);
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
