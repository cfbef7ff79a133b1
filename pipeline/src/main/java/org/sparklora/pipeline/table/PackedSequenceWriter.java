package org.sparklora.pipeline.table;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/** Writes one Parquet file of the {@code packed} table. */
public final class PackedSequenceWriter {
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
    MessageType schema = sources ? PackedSequenceSchema.OF_MIXTURE : PackedSequenceSchema.SCHEMA;
    return RowFile.create(
        configuration,
        path,
        new Builder(RowFile.at(configuration, path), schema).withRowGroupSize(ROW_GROUP_BYTES));
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
      ints(PackedSequenceSchema.INPUT_IDS, 0, row.inputIds());
      ints(PackedSequenceSchema.LABELS, 1, row.labels());
      ints(PackedSequenceSchema.SEQ_LENGTHS, 2, row.seqLengths());
      if (schema == PackedSequenceSchema.OF_MIXTURE) {
        ints(PackedSequenceSchema.SOURCES.getName(), 3, row.sources());
      }
      consumer.endMessage();
    }

    private void ints(String column, int index, int[] values) {
      consumer.startField(column, index);
      consumer.startGroup();
      if (values.length > 0) { // a field without values must not be started
        consumer.startField(ListCells.LIST, 0);
        consumer.startGroup();
        consumer.startField(ListCells.ELEMENT, 0);
        for (int value : values) {
          consumer.addInteger(value); // at the level of a new element, as if each had its group
        }
        consumer.endField(ListCells.ELEMENT, 0);
        consumer.endGroup();
        consumer.endField(ListCells.LIST, 0);
      }
      consumer.endGroup();
      consumer.endField(column, index);
    }
  }
}
