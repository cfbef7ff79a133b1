package org.sparklora.pipeline.table;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.sparklora.pipeline.config.RootCause;

/**
 * Reads one Parquet file of the {@code packed} table, row after row in file order. Not thread-safe.
 *
 * <p>Files that pyarrow or Spark wrote are read as well; a missing {@code labels} column means that
 * every token counts, a missing {@code seq_lengths} column that a row is one document.
 */
public final class PackedSequenceReader implements Closeable {
  private final Path file;
  private final ParquetReader<PackedSequence> reader;
  private long row = 1; // the next one, counted from 1 in messages

  private PackedSequenceReader(Path file, ParquetReader<PackedSequence> reader) {
    this.file = file;
    this.reader = reader;
  }

  /**
   * Opens a file.
   *
   * @throws TableException when it cannot be opened
   */
  public static PackedSequenceReader open(Configuration configuration, String file) {
    Path path = new Path(file);
    try {
      return new PackedSequenceReader(
          path,
          ParquetReader.builder(new Support(), path)
              .withConf(configuration)
              .usePageChecksumVerification(true) // otherwise damage would be read as wrong tokens
              .build());
    } catch (IOException | RuntimeException e) {
      throw unreadable(path, 1, e);
    }
  }

  /**
   * The next row, or empty at the end of the file.
   *
   * @throws TableException when the file is damaged or holds another table; names the row
   */
  public Optional<PackedSequence> next() {
    try {
      Optional<PackedSequence> next = Optional.ofNullable(reader.read());
      row++;
      return next;
    } catch (IOException | RuntimeException e) {
      throw unreadable(file, row, e);
    }
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw unreadable(file, row, e);
    }
  }

  private static TableException unreadable(Path file, long row, Exception cause) {
    String message =
        RootCause.find(cause, TableException.class)
            .map(known -> known.getMessage() + " (%s, row %s)".formatted(file, row))
            .orElseGet(
                () ->
                    "Cannot read %s, row %s (%s): the file is damaged or no packed table, run prep again"
                        .formatted(file, row, cause.getMessage()));
    return new TableException(message, cause);
  }

  private static final class Support extends ReadSupport<PackedSequence> {
    @Override
    public ReadContext init(InitContext context) {
      return new ReadContext(PackedSequenceMaterializer.columnsOf(context.getFileSchema()));
    }

    @Override
    public RecordMaterializer<PackedSequence> prepareForRead(
        Configuration configuration,
        Map<String, String> metadata,
        MessageType fileSchema,
        ReadContext context) {
      return new PackedSequenceMaterializer(context.getRequestedSchema());
    }
  }
}
