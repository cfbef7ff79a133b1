package org.sparklora.prep.table;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.run.FileVersion;
import org.sparklora.pipeline.table.TableException;

/**
 * A table without versions: files that Spark reads, a table of Hive's catalogue, a view, or a table
 * of another program's catalogue. Its state when opened is identified by a SHA-256 over its files,
 * or over all rows if it is a view or Spark names no files.
 *
 * @param spark the session that reads it
 * @param identity its version is that SHA-256
 */
record PlainSourceTable(
    SparkSession spark, TableIdentity identity, Dataset<Row> rows, Optional<Position> position)
    implements SourceTable {
  /** The format of a table whose rows are the result of a query. */
  static final String VIEW = "view";

  /**
   * Opens the table in its current state.
   *
   * @param format of its files, {@code hive} if Hive's own readers read them, or {@link #VIEW}
   */
  static PlainSourceTable open(
      SparkSession spark, String name, String format, String location, Dataset<Row> rows) {
    boolean view = format.equals(VIEW);
    Optional<Position> position = view ? Optional.empty() : position(rows).or(() -> ofHive(format));
    return new PlainSourceTable(
        spark,
        new TableIdentity(name, format, location, "", version(spark, rows, view)),
        rows,
        position);
  }

  private static Optional<Position> ofHive(String format) {
    return format.equals("hive") ? Optional.of(Position.ofHive()) : Optional.empty();
  }

  private static Optional<Position> position(Dataset<Row> rows) {
    Position files = Position.ofFiles();
    try {
      rows.select(files.file(), files.block());
      return Optional.of(files);
    } catch (
        Exception e) { // Scala's exceptions are not declared; this one says that there are no such
      // columns
      return Optional.empty();
    }
  }

  private static String version(SparkSession spark, Dataset<Row> rows, boolean view) {
    String[] files = view ? new String[0] : rows.inputFiles();
    return files.length > 0
        ? ofFiles(spark.sparkContext().hadoopConfiguration(), files)
        : ofRows(rows);
  }

  private static String ofFiles(Configuration hadoop, String[] files) {
    MessageDigest digest = sha256();
    try {
      Map<Path, FileStatus> listed = new HashMap<>();
      Set<Path> named = new TreeSet<>();
      for (String file : files) {
        named.add(new Path(URI.create(file)));
      }
      // lists each folder once, however many of its files are read
      for (Path folder : named.stream().map(Path::getParent).collect(Collectors.toSet())) {
        for (FileStatus status : folder.getFileSystem(hadoop).listStatus(folder)) {
          listed.put(status.getPath(), status);
        }
      }
      Map<String, FileStatus> found = new TreeMap<>();
      for (Path path : named) {
        FileSystem fileSystem = path.getFileSystem(hadoop);
        FileStatus status = listed.get(path); // null if the path is named without its host
        collect(fileSystem, status == null ? fileSystem.getFileStatus(path) : status, found);
      }
      for (FileStatus status : found.values()) {
        FileSystem fileSystem = status.getPath().getFileSystem(hadoop);
        String line =
            "%s\t%s\t%s%n"
                .formatted(status.getPath(), status.getLen(), FileVersion.of(fileSystem, status));
        digest.update(line.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new TableException(
          "Cannot look at the table's files (%s): are they there?".formatted(e.getMessage()), e);
    }
    return HexFormat.of().formatHex(digest.digest());
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
    Dataset<Row> hashes =
        rows.select(
            functions.sha2(
                functions.to_json(
                    functions.struct(
                        Arrays.stream(rows.columns())
                            .sorted()
                            .map(SelectedTable::quoted)
                            .toArray(org.apache.spark.sql.Column[]::new))),
                256));
    Row sums =
        hashes
            .toDF("hash")
            .agg(
                functions.count("*"),
                functions.sum(functions.expr("cast(conv(left(hash, 15), 16, 10) as decimal(38))")),
                functions.sum(functions.expr("cast(conv(right(hash, 15), 16, 10) as decimal(38))")))
            .first();
    return HexFormat.of()
        .formatHex(sha256().digest(sums.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  @Override
  public void requireUnchanged() {
    boolean view = identity.format().equals(VIEW);
    if (!version(spark, rows, view).equals(identity.version())) {
      throw new TableException(
          "Cannot use what was read of %s: its files or rows changed meanwhile; read it when nobody writes to it"
              .formatted(identity.name()));
    }
  }
}
