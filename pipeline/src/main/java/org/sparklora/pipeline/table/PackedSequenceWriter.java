package org.sparklora.pipeline.table;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Writes one Parquet file of the {@code packed} table: columns of three-level lists, as pyarrow
 * writes them.
 */
public final class PackedSequenceWriter {
  static final String INPUT_IDS = "input_ids";
  static final String LABELS = "labels";
  static final String SEQ_LENGTHS = "seq_lengths";

  static final MessageType SCHEMA =
      new MessageType("packed", Cells.ints(INPUT_IDS), Cells.ints(LABELS), Cells.ints(SEQ_LENGTHS));

  /** The column that only a mixture's table has. */
  static final Type SOURCES = Cells.ints("sources");

  private static final MessageType OF_MIXTURE =
      SCHEMA.union(new MessageType(SCHEMA.getName(), SOURCES));

  /**
   * Small enough that a trainer can hold a few groups, large enough that zstd and dictionaries pay.
   */
  private static final long ROW_GROUP_BYTES = 32L << 20;

  private PackedSequenceWriter() {}

  /**
   * Starts a file.
   *
   * @param sources whether it has the column of a mixture's rows
   * @throws TableException when the file cannot be created
   */
  public static RowFile<PackedSequence> create(
      Configuration configuration, String file, boolean sources) {
    Path path = new Path(file);
    return RowFile.create(
        configuration,
        path,
        new Builder(RowFile.at(configuration, path), sources ? OF_MIXTURE : SCHEMA)
            .withCompressionCodec(CompressionCodecName.ZSTD)
            .withRowGroupSize(ROW_GROUP_BYTES),
        row -> row);
  }

  private static final class Builder extends ParquetWriter.Builder<PackedSequence, Builder> {
    private final MessageType schema;

    Builder(OutputFile file, MessageType schema) {
      super(file);
      this.schema = schema;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<PackedSequence> getWriteSupport(Configuration configuration) {
      return new Support(schema);
    }
  }

  private static final class Support extends WriteSupport<PackedSequence> {
    private final MessageType schema;
    private RecordConsumer consumer;

    Support(MessageType schema) {
      this.schema = schema;
    }

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(schema, Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
      consumer = recordConsumer;
    }

    @Override
    public void write(PackedSequence row) {
      consumer.startMessage();
      ints(0, row.inputIds());
      ints(1, row.labels());
      ints(2, row.seqLengths());
      if (schema == OF_MIXTURE) {
        ints(3, row.sources());
      }
      consumer.endMessage();
    }

    private void ints(int index, int[] values) {
      String column = schema.getFieldName(index);
      consumer.startField(column, index);
      consumer.startGroup();
      if (values.length > 0) { // a field without values must not be started
        consumer.startField(Cells.LIST, 0);
        consumer.startGroup();
        consumer.startField(Cells.ELEMENT, 0);
        for (int value : values) {
          consumer.addInteger(value); // at the level of a new element, as if each had its group
        }
        consumer.endField(Cells.ELEMENT, 0);
        consumer.endGroup();
        consumer.endField(Cells.LIST, 0);
      }
      consumer.endGroup();
      consumer.endField(column, index);
    }
  }
}
