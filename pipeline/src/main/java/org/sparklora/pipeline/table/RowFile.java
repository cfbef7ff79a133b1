package org.sparklora.pipeline.table;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.schema.MessageType;
import org.sparklora.pipeline.config.RootCause;

/**
 * Writes rows to one Parquet file, whose bytes depend on the rows alone, or reads such a file. Not
 * thread-safe.
 *
 * <p>Writes directly to its path; the caller decides when the file counts as complete.
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
      throw TableException.unwritten(file, e);
    }
  }

  private static <T> RowFile<T> built(
      Configuration configuration, Path file, ParquetWriter.Builder<T, ?> builder) {
    try {
      return new RowFile<>(file, builder.withConf(configuration).build());
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
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
      throw TableException.unwritten(file, e);
    }
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  /**
   * Passes every row of a file to {@code consumer}, in order.
   *
   * @param maker the command that writes such files
   * @param support reads the columns of a row, from which {@code fromColumns} makes the row
   * @throws TableException when the file is damaged or of another table; names the row
   */
  static <C, T> void forEach(
      Configuration configuration,
      String file,
      String maker,
      ReadSupport<C> support,
      Function<C, T> fromColumns,
      Consumer<T> consumer) {
    long row = 1;
    try (ParquetReader<C> reader =
        ParquetReader.builder(support, new Path(file))
            .withConf(configuration)
            .usePageChecksumVerification(true) // otherwise damage would be read as wrong tokens
            .build()) {
      while (true) {
        T next;
        try {
          C columns = reader.read();
          if (columns == null) {
            return;
          }
          next = fromColumns.apply(columns);
        } catch (RuntimeException e) { // unlike those of the consumer
          throw unreadable(file, row, maker, e);
        }
        consumer.accept(next);
        row++;
      }
    } catch (IOException e) {
      throw unreadable(file, row, maker, e);
    }
  }

  private static TableException unreadable(String file, long row, String maker, Exception cause) {
    String message =
        RootCause.find(cause, TableException.class)
            .map(known -> known.getMessage() + " (%s, row %s)".formatted(file, row))
            .orElseGet(
                () ->
                    "Cannot read %s, row %s (%s): the file is damaged or of another table, run %s again"
                        .formatted(file, row, cause.getMessage(), maker));
    return new TableException(message, cause);
  }
}
