package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Assembles {@link PackedSequence}s from Parquet columns without boxing a token. Not thread-safe.
 */
final class PackedSequenceMaterializer extends RecordMaterializer<PackedSequence> {
  private final Root root;

  PackedSequenceMaterializer(MessageType schema) {
    root = new Root(schema);
  }

  /** The columns of {@link PackedSequenceSchema} that the file has. */
  static MessageType columnsOf(MessageType file) {
    if (!file.containsField(PackedSequenceSchema.INPUT_IDS)) {
      throw new TableException(
          "Cannot read packed rows: there is no input_ids column among %s; name a table that prep wrote"
              .formatted(file.getFields().stream().map(Type::getName).toList()));
    }
    List<Type> columns = new ArrayList<>();
    for (Type column : PackedSequenceSchema.SCHEMA.getFields()) {
      if (file.containsField(column.getName())) {
        columns.add(file.getType(column.getName()));
      }
    }
    if (file.getFields().contains(PackedSequenceSchema.SOURCES)) { // else of another type
      columns.add(PackedSequenceSchema.SOURCES);
    }
    return new MessageType(file.getName(), columns);
  }

  @Override
  public PackedSequence getCurrentRecord() {
    return root.toRow();
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  private static final class Root extends GroupConverter {
    private final Ints[] columns;
    private final int inputIds;
    private final int labels;
    private final int seqLengths;
    private final int sources;

    Root(MessageType schema) {
      columns = new Ints[schema.getFieldCount()];
      Arrays.setAll(columns, i -> new Ints());
      inputIds = schema.getFieldIndex(PackedSequenceSchema.INPUT_IDS);
      labels = indexOrMinusOne(schema, PackedSequenceSchema.LABELS);
      seqLengths = indexOrMinusOne(schema, PackedSequenceSchema.SEQ_LENGTHS);
      sources = indexOrMinusOne(schema, PackedSequenceSchema.SOURCES.getName());
    }

    private static int indexOrMinusOne(MessageType schema, String column) {
      return schema.containsField(column) ? schema.getFieldIndex(column) : -1;
    }

    @Override
    public Converter getConverter(int fieldIndex) {
      return new ListConverter(columns[fieldIndex]);
    }

    @Override
    public void start() {
      for (Ints column : columns) {
        column.size = 0;
      }
    }

    @Override
    public void end() {}

    PackedSequence toRow() {
      int[] ids = columns[inputIds].toArray();
      int[] targets = labels < 0 ? ids : columns[labels].toArray();
      int[] lengths;
      if (seqLengths >= 0) {
        lengths = columns[seqLengths].toArray();
      } else {
        lengths = ids.length == 0 ? new int[0] : new int[] {ids.length};
      }
      int[] datasets = sources < 0 ? new int[0] : columns[sources].toArray();
      return new PackedSequence(ids, targets, lengths, datasets);
    }
  }

  /** Both group levels of a Parquet list: the list itself and its repeated element group. */
  private static final class ListConverter extends GroupConverter {
    private final Converter inner;

    ListConverter(Ints values) {
      inner =
          new GroupConverter() {
            @Override
            public Converter getConverter(int fieldIndex) {
              return values;
            }

            @Override
            public void start() {}

            @Override
            public void end() {}
          };
    }

    @Override
    public Converter getConverter(int fieldIndex) {
      return inner;
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }

  /**
   * A growing array of the values of one list; 64-bit columns (Python's default) are narrowed with
   * a check.
   */
  private static final class Ints extends PrimitiveConverter {
    private int[] values = new int[256];
    private int size;

    @Override
    public void addInt(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    @Override
    public void addLong(long value) {
      addInt(Math.toIntExact(value));
    }

    int[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
