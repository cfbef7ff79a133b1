package org.sparklora.prep.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * Consecutive row groups of a Parquet file; only the wanted columns are read.
 *
 * @param firstGroup index of the first row group
 * @param groups how many row groups
 * @param firstRow number of the split's first row within the file
 */
record ParquetSplit(DatasetFile file, int firstGroup, int groups, long firstRow)
    implements DatasetSplit {

  static List<ParquetSplit> of(Configuration configuration, DatasetFile file, long splitBytes)
      throws IOException {
    try (ParquetFileReader reader = open(configuration, file)) {
      List<ParquetSplit> splits = new ArrayList<>();
      int first = 0;
      long firstRow = 0;
      long bytes = 0;
      long rows = 0;
      List<BlockMetaData> blocks = reader.getRowGroups();
      requireCodecs(configuration, file, blocks);
      for (int group = 0; group < blocks.size(); group++) {
        bytes += blocks.get(group).getCompressedSize();
        rows += blocks.get(group).getRowCount();
        if (bytes >= splitBytes || group == blocks.size() - 1) {
          splits.add(new ParquetSplit(file, first, group + 1 - first, firstRow));
          first = group + 1;
          firstRow += rows;
          bytes = 0;
          rows = 0;
        }
      }
      return splits;
    }
  }

  /** The number of rows according to the file's footer. */
  static long rows(Configuration configuration, DatasetFile file) throws IOException {
    try (ParquetFileReader reader = open(configuration, file)) {
      return reader.getRecordCount();
    }
  }

  /** Refuses a codec that is not on the class path; decoding would report damage. */
  private static void requireCodecs(
      Configuration configuration, DatasetFile file, List<BlockMetaData> blocks) {
    Set<CompressionCodecName> codecs = EnumSet.noneOf(CompressionCodecName.class);
    blocks.forEach(block -> block.getColumns().forEach(column -> codecs.add(column.getCodec())));
    for (CompressionCodecName codec : codecs) {
      String name = codec.getHadoopCompressionCodecClassName();
      if (name != null && configuration.getClassByNameOrNull(name) == null) {
        throw new TableException(
            "Cannot read %s: it is compressed with %s, and there is no %s here; write it with compression zstd, snappy or gzip, or add a jar that has the codec"
                .formatted(file.path(), codec, name));
      }
    }
  }

  private static ParquetFileReader open(Configuration configuration, DatasetFile file)
      throws IOException {
    // Without checksums, damage could be read as other text; files that have none are read all the
    // same.
    ParquetReadOptions options =
        HadoopReadOptions.builder(configuration).usePageChecksumVerification(true).build();
    return ParquetFileReader.open(
        HadoopInputFile.fromPath(file.hadoopPath(), configuration), options);
  }

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    long[] row = {firstRow};
    try (ParquetFileReader reader = open(configuration, file)) {
      MessageType schema = project(reader.getFileMetaData().getSchema(), columns);
      reader.setRequestedSchema(schema);
      for (int group = firstGroup; group < firstGroup + groups; group++) {
        if (reader.getRowGroups().get(group).getRowCount()
            > 0) { // Parquet refuses to read a group without rows
          int number = group;
          readGroup(ParquetDamage.guard(() -> reader.readRowGroup(number)), schema, row, handler);
        }
      }
    } catch (BadRowException e) {
      throw e; // thrown by the handler, not by Parquet
    } catch (IOException | ParquetDamage e) {
      Throwable cause = e instanceof ParquetDamage damage ? damage.getCause() : e;
      handler.bad(
          new BadRowException(
              Reason.UNREADABLE_FILE,
              "the file is damaged from here on (%s)".formatted(DataStreams.problem(cause)),
              place(row[0]),
              cause));
    }
  }

  private void readGroup(PageReadStore pages, MessageType schema, long[] row, RowHandler handler)
      throws IOException {
    MessageColumnIO columnIo = new ColumnIOFactory().getColumnIO(schema);
    RecordReader<Group> records =
        ParquetDamage.guard(
            () -> columnIo.getRecordReader(pages, new GroupRecordConverter(schema)));
    for (long i = 0; i < pages.getRowCount(); i++) {
      Group stored = ParquetDamage.guard(records::read);
      Map<String, Object> values = ParquetDamage.guard(() -> ParquetValues.toMap(stored));
      long number = row[0]++;
      handler.row(new SourceRow(values, () -> place(number), Optional.of(stored)));
    }
  }

  private static MessageType project(MessageType schema, Set<String> columns) {
    List<Type> wanted =
        schema.getFields().stream()
            .filter(f -> columns.isEmpty() || columns.contains(f.getName()))
            .toList();
    return new MessageType(schema.getName(), wanted);
  }

  private String place(long row) {
    return "%s row %s".formatted(file.path(), row);
  }

  /**
   * Wraps an exception that Parquet throws while it decodes, to distinguish it from an exception of
   * the {@link RowHandler}.
   */
  private static final class ParquetDamage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ParquetDamage(RuntimeException cause) {
      super(cause);
    }

    /** Reads bytes of the file. */
    @FunctionalInterface
    interface Reading<T> {
      T read() throws IOException;
    }

    /** Reads bytes; wraps a {@code RuntimeException}, but no {@code IOException}. */
    static <T> T guard(Reading<T> reading) throws IOException {
      try {
        return reading.read();
      } catch (RuntimeException e) {
        throw new ParquetDamage(e);
      }
    }
  }
}
