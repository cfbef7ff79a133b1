package org.sparklora.pipeline.table;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.ConsumerRaisingIOE;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.config.RootCause;

/**
 * Writes rows to one Parquet file, whose bytes depend on the rows alone, or reads such a file, both
 * without Spark. Not thread-safe.
 *
 * <p>Writes directly to its path; the caller decides when the file counts as complete.
 */
public final class RowFile<T> implements Closeable {
  private final Path file;
  private final Closeable writer;
  private final ConsumerRaisingIOE<T> append;

  private <C> RowFile(Path file, ParquetWriter<C> writer, Function<T, C> toColumns) {
    this.file = file;
    this.writer = writer;
    this.append = row -> writer.write(toColumns.apply(row));
  }

  /**
   * Starts a file.
   *
   * @param builder builder of the writer of {@link #at}
   * @throws TableException when the file cannot be created; all methods that write throw it
   */
  static <C, T> RowFile<T> create(
      Configuration configuration,
      Path file,
      ParquetWriter.Builder<C, ?> builder,
      Function<T, C> toColumns) {
    try {
      return new RowFile<>(file, builder.withConf(configuration).build(), toColumns);
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  static OutputFile at(Configuration configuration, Path file) {
    try {
      return new OrderedFooter(HadoopOutputFile.fromPath(file, configuration));
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  public static RowFile<Group> ofGroups(
      Configuration configuration, Path file, MessageType schema) {
    return create(configuration, file, zipped(configuration, file, schema), row -> row);
  }

  private static ExampleParquetWriter.Builder zipped(
      Configuration configuration, Path file, MessageType schema) {
    return ExampleParquetWriter.builder(at(configuration, file))
        .withType(schema)
        .withCompressionCodec(CompressionCodecName.ZSTD);
  }

  /**
   * Starts a file of rows.
   *
   * @param about further entries of the file's metadata
   * @param fill sets the columns of a row
   */
  static <T> RowFile<T> of(
      Configuration configuration,
      Path file,
      MessageType schema,
      Map<String, String> about,
      BiConsumer<Group, T> fill) {
    return create(
        configuration,
        file,
        zipped(configuration, file, schema).withExtraMetaData(about),
        row -> {
          Group columns = new SimpleGroup(schema);
          fill.accept(columns, row);
          return columns;
        });
  }

  /** Starts a file of hashes, which neither repeat nor compress: no dictionary, no codec. */
  public static RowFile<Group> ofHashes(
      Configuration configuration, Path file, MessageType schema) {
    return create(
        configuration,
        file,
        ExampleParquetWriter.builder(at(configuration, file))
            .withType(schema)
            .withDictionaryEncoding(false),
        row -> row);
  }

  /**
   * Writes a table that fits into memory.
   *
   * @param fill sets the columns of a row
   */
  public static <T> void write(
      Configuration configuration,
      Path file,
      MessageType schema,
      List<T> rows,
      BiConsumer<Group, T> fill) {
    try (RowFile<T> out = of(configuration, file, schema, Map.of(), fill)) {
      rows.forEach(out::write);
    }
    try {
      deleteChecksum(configuration, file);
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  /** Deletes the hidden checksum, by which Hadoop's local file system refuses a changed file. */
  static void deleteChecksum(Configuration configuration, Path file) throws IOException {
    if (file.getFileSystem(configuration) instanceof LocalFileSystem local) {
      local.getRawFileSystem().delete(local.getChecksumFile(file), false);
    }
  }

  public void write(T row) {
    try {
      append.accept(row);
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

  /** The footer of a file: its row groups and its metadata. */
  static ParquetMetadata footer(Configuration configuration, String file) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file), configuration))) {
      return reader.getFooter();
    } catch (IOException | RuntimeException e) {
      throw TableException.unread(file, e, "the file is damaged, run prep again");
    }
  }

  /**
   * Reads a file of groups that fits into memory.
   *
   * @param maker the command that writes such files
   * @throws TableException when it is damaged or of another table; names the row
   */
  public static <T> List<T> read(
      Configuration configuration, String file, String maker, Function<Group, T> fromGroup) {
    return read(configuration, file, maker, column -> true, fromGroup);
  }

  static <T> List<T> read(
      Configuration configuration,
      String file,
      String maker,
      Predicate<Type> columns,
      Function<Group, T> fromGroup) {
    List<T> rows = new ArrayList<>();
    forEach(configuration, file, maker, new SomeColumns(columns), fromGroup, rows::add);
    return rows;
  }

  /** Selects columns without a schema's text, which cannot hold names with blanks or brackets. */
  private static final class SomeColumns extends GroupReadSupport {
    private final Predicate<Type> columns;

    private SomeColumns(Predicate<Type> columns) {
      this.columns = columns;
    }

    @Override
    public ReadContext init(InitContext context) {
      MessageType whole = context.getFileSchema();
      return new ReadContext(
          new MessageType(whole.getName(), whole.getFields().stream().filter(columns).toList()));
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
