package org.sparklora.pipeline.table;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.schema.MessageType;

/**
 * Writes rows to one Parquet file. Its bytes depend on the rows alone. Not thread-safe.
 *
 * <p>Writes directly to its path; the caller decides when the file counts as complete.
 *
 * @param <T> type of a row
 */
public final class RowFile<T> implements Closeable {
  private final Path file;
  private final ParquetWriter<T> writer;

  private RowFile(Path file, ParquetWriter<T> writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * Starts a file.
   *
   * @param builder builder of the writer of {@link #at}
   * @throws TableException when the file cannot be created; all methods that write throw it
   */
  static <T> RowFile<T> create(
      Configuration configuration, Path file, ParquetWriter.Builder<T, ?> builder) {
    return built(configuration, file, builder.withCompressionCodec(CompressionCodecName.ZSTD));
  }

  /** The file at a path. */
  static OutputFile at(Configuration configuration, Path file) {
    try {
      return new OrderedFooter(HadoopOutputFile.fromPath(file, configuration));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static <T> RowFile<T> built(
      Configuration configuration, Path file, ParquetWriter.Builder<T, ?> builder) {
    try {
      return new RowFile<>(file, builder.withConf(configuration).build());
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * Starts a file of groups.
   *
   * @param about further entries of the file's metadata
   */
  public static RowFile<Group> ofGroups(
      Configuration configuration, Path file, MessageType schema, Map<String, String> about) {
    return create(
        configuration,
        file,
        ExampleParquetWriter.builder(at(configuration, file))
            .withType(schema)
            .withExtraMetaData(about));
  }

  /** Starts a file of hashes, which neither repeat nor compress: no dictionary, no codec. */
  public static RowFile<Group> ofHashes(
      Configuration configuration, Path file, MessageType schema) {
    return built(
        configuration,
        file,
        ExampleParquetWriter.builder(at(configuration, file))
            .withType(schema)
            .withDictionaryEncoding(false));
  }

  /** Appends a row. */
  public void write(T row) {
    try {
      writer.write(row);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  static TableException failed(Path file, IOException cause) {
    return new TableException(
        "Cannot write %s (%s): make room or choose another --output_dir"
            .formatted(file, cause.getMessage()),
        cause);
  }
}
