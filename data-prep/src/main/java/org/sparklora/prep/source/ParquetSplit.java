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
 * @param firstRow number of the split's first row within the file, or among all rows of a table
 */
record ParquetSplit(DatasetFile file, int firstGroup, int groups, long firstRow, long rows)
    implements DatasetSplit {

  /** The splits of a file whose first row has the number {@code before}. */
  static List<ParquetSplit> of(
      Configuration configuration, DatasetFile file, long splitBytes, long before)
      throws IOException {
    try (ParquetFileReader reader = open(configuration, file)) {
      List<ParquetSplit> splits = new ArrayList<>();
      int first = 0;
      long firstRow = before;
      long bytes = 0;
      long rows = 0;
      List<BlockMetaData> blocks = reader.getRowGroups();
      requireCodecs(configuration, file, blocks);
      for (int group = 0; group < blocks.size(); group++) {
        bytes += blocks.get(group).getCompressedSize();
        rows += blocks.get(group).getRowCount();
        if (bytes >= splitBytes || group == blocks.size() - 1) {
          splits.add(new ParquetSplit(file, first, group + 1 - first, firstRow, rows));
          first = group + 1;
          firstRow += rows;
          bytes = 0;
          rows = 0;
        }
      }
      return splits;
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
                .formatted(file.name(), codec, name));
      }
    }
  }

  private static ParquetFileReader open(Configuration configuration, DatasetFile file)
      throws IOException {
    // Without checksums, damage could be read as other text. Files without them are read, too.
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
        int number = group;
        // Parquet refuses to read a group without rows
        if (reader.getRowGroups().get(group).getRowCount() > 0) {
          readGroup(DataStreams.decoded(() -> reader.readRowGroup(number)), schema, row, handler);
        }
      }
    } catch (IOException e) {
      String problem = "the file is damaged from here on (%s)".formatted(DataStreams.problem(e));
      String place = file.place("row", row[0]);
      handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, place, e));
    }
  }

  private void readGroup(PageReadStore pages, MessageType schema, long[] row, RowHandler handler)
      throws IOException {
    MessageColumnIO columnIo = new ColumnIOFactory().getColumnIO(schema);
    RecordReader<Group> records =
        DataStreams.decoded(
            () -> columnIo.getRecordReader(pages, new GroupRecordConverter(schema)));
    for (long i = 0; i < pages.getRowCount(); i++) {
      Group stored = DataStreams.decoded(records::read);
      Map<String, Object> values = DataStreams.decoded(() -> ParquetValues.toMap(stored));
      Object origin = values.remove(DatasetSplits.FILE_COLUMN);
      long number = row[0]++;
      handler.row(new SourceRow(values, () -> place(number, origin), Optional.of(stored)));
    }
  }

  private static MessageType project(MessageType schema, Set<String> columns) {
    List<Type> wanted = new ArrayList<>(schema.getFields());
    wanted.removeIf(
        field ->
            !columns.isEmpty()
                && !columns.contains(field.getName())
                && !field.getName().equals(DatasetSplits.FILE_COLUMN));
    return new MessageType(schema.getName(), wanted);
  }

  private String place(long row, Object origin) {
    String place = file.place("row", row);
    return origin == null ? place : "%s (of %s)".formatted(place, origin);
  }
}
