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

/**
 * Writes one Parquet file of the {@code prompts} table. The bytes depend on the rows alone. Not
 * thread-safe.
 *
 * <p>Writes straight to its path: whoever calls it decides when the file counts as whole.
 */
public final class PromptWriter implements Closeable {
  private final Path file;
  private final ParquetWriter<Group> writer;

  private PromptWriter(Path file, ParquetWriter<Group> writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * Starts a file.
   *
   * @throws TableException when the file cannot be created
   */
  public static PromptWriter create(Configuration configuration, String file) {
    Path path = new Path(file);
    try {
      return new PromptWriter(
          path,
          ExampleParquetWriter.builder(path)
              .withType(PromptSchema.SCHEMA)
              .withExtraMetaData(Map.of(PromptSchema.VERSION_KEY, PromptSchema.VERSION))
              .withConf(configuration)
              .withCompressionCodec(CompressionCodecName.ZSTD)
              .build());
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Appends a row. */
  public void write(Prompt prompt) {
    try {
      writer.write(PromptSchema.toGroup(prompt));
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

  private static TableException failed(Path file, IOException cause) {
    return new TableException(
        "Cannot write %s (%s): make room or choose another --output_dir"
            .formatted(file, cause.getMessage()),
        cause);
  }
}
