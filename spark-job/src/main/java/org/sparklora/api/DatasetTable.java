package org.sparklora.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.pipeline.table.TableException;

/**
 * Writes a dataset given as {@code DataFrame}s to Parquet files, so that it is read, fingerprinted
 * and resumed like any other. Rows keep the order of their partitions. A hash of the files names
 * the folder: {@code FOLDER/0123456789abcdef/data/train-00000-of-00002.parquet}. The same rows in
 * the same partitions give the same folder, and a complete folder stays as it is.
 */
final class DatasetTable {
  /** Name of the folder with the files, in the dataset's folder. */
  static final String FILES = "data";

  private static final String TEST = "test";
  private static final int ID_CHARACTERS = 16;

  private final SparkSession spark;
  private final Configuration hadoop;
  private final Path folder;
  private final FileSystem files;

  private DatasetTable(SparkSession spark, String folder) throws IOException {
    this.spark = spark;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
    this.folder = new Path(folder);
    this.files = this.folder.getFileSystem(hadoop);
  }

  /**
   * Writes splits.
   *
   * @param folder a folder that all executors reach; other datasets in it stay
   * @return the path of the dataset
   * @throws ConfigException for a split without rows
   */
  static String write(SparkSession spark, String folder, Map<String, Dataset<Row>> splits) {
    try {
      return new DatasetTable(spark, folder).write(new TreeMap<>(splits));
    } catch (IOException e) {
      throw new TableException(
          "Cannot write the dataset to %s (%s): check rights and room, or choose another --output_dir"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private String write(Map<String, Dataset<Row>> splits) throws IOException {
    Path part = new Path(folder, ".part-" + UUID.randomUUID());
    Path data = new Path(part, FILES);
    try {
      for (Map.Entry<String, Dataset<Row>> split : splits.entrySet()) {
        spark.sparkContext().setJobDescription("dataset: write split " + split.getKey());
        Path written = new Path(part, "split-" + split.getKey());
        split.getValue().write().parquet(written.toString());
        requireRows(split.getKey(), parts(written));
        number(written, split.getKey(), data);
      }
      Path whole = new Path(folder, identity(data));
      Path there = new Path(whole, FILES);
      boolean hasAll = files.exists(there) && parts(there).size() == parts(data).size();
      if (files.exists(whole) && !hasAll) {
        files.delete(whole, true); // of a killed run: an object store renames file by file
      }
      if (!files.exists(whole) && !files.rename(part, whole) && !files.exists(whole)) {
        throw new IOException("cannot rename " + part);
      }
      return whole.toString();
    } finally {
      spark.sparkContext().setJobDescription(null);
      files.delete(part, true);
    }
  }

  /** Renames Spark's part files, whose names hold a job's id, after split and position. */
  private void number(Path written, String split, Path data) throws IOException {
    List<Path> parts = parts(written);
    files.mkdirs(data);
    for (int i = 0; i < parts.size(); i++) {
      String name = String.format(Locale.ROOT, "%s-%05d-of-%05d.parquet", split, i, parts.size());
      if (!files.rename(parts.get(i), new Path(data, name))) {
        throw new IOException("cannot rename " + parts.get(i));
      }
    }
    files.delete(written, true);
  }

  /** Checks the written files: to run the query again may be slow, and give other rows. */
  private void requireRows(String split, List<Path> written) {
    String[] names = written.stream().map(Path::toString).toArray(String[]::new);
    ConfigException.require(
        names.length > 0 && !spark.read().parquet(names).isEmpty(),
        split.equals(TEST) ? Flags.DATASET_TEST_SPLIT : Flags.DATASET_NAME,
        "the table of split " + split,
        "it has no rows; give one that has some");
  }

  private List<Path> parts(Path path) throws IOException {
    return Stream.of(files.listStatus(path))
        .map(FileStatus::getPath)
        .filter(file -> file.getName().endsWith(".parquet"))
        .sorted(Comparator.comparing(Path::getName))
        .toList();
  }

  /** Start of the SHA-256 hash of all file names and contents, which executors read. */
  private String identity(Path data) throws IOException {
    List<String> names = new ArrayList<>();
    parts(data).forEach(file -> names.add(file.toString()));
    Reader reader = new Reader(new TreeMap<>(HadoopSettings.of(hadoop)));
    spark.sparkContext().setJobDescription("dataset: identify");
    List<String> digests =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(names, names.size())
            .map(reader::digest)
            .collect();
    MessageDigest all = Sha256.digest();
    digests.forEach(line -> all.update(line.getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(all.digest()).substring(0, ID_CHARACTERS);
  }

  /** Hashes files on executors. */
  private record Reader(TreeMap<String, String> hadoop) implements Serializable {
    String digest(String file) throws IOException {
      Path path = new Path(file);
      MessageDigest digest = Sha256.digest();
      try (InputStream in = path.getFileSystem(HadoopSettings.configuration(hadoop)).open(path)) {
        in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      }
      return "%s %s%n".formatted(path.getName(), HexFormat.of().formatHex(digest.digest()));
    }
  }
}
