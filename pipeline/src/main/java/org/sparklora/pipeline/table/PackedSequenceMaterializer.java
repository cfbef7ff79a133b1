package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Assembles {@link PackedSequence}s from Parquet columns without boxing a token. Not thread-safe.
 *
 * <p>Files that pyarrow or Spark wrote are read as well; a missing {@code labels} column means that
 * every token counts, a missing {@code seq_lengths} column that a row is one document.
 */
final class PackedSequenceMaterializer extends RecordMaterializer<PackedSequence> {
  private final Root root;

  private PackedSequenceMaterializer(MessageType schema) {
    root = new Root(schema);
  }

  /** Reads rows of a file. */
  static final class Support extends ReadSupport<PackedSequence> {
    @Override
    public ReadContext init(InitContext context) {
      return new ReadContext(columnsOf(context.getFileSchema()));
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

  /** The columns of {@link PackedSequenceSchema} that the file has. */
  private static MessageType columnsOf(MessageType file) {
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
    private final List<String> names;
    private final Ints[] columns;

    Root(MessageType schema) {
      names = schema.getFields().stream().map(Type::getName).toList();
      columns = new Ints[names.size()];
      Arrays.setAll(columns, i -> new Ints());
    }

    @Override
    public Converter getConverter(int fieldIndex) {
      return new Level(new Level(columns[fieldIndex]));
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
      int[] ids = column(PackedSequenceSchema.INPUT_IDS).orElseThrow();
      int[] none = {};
      return new PackedSequence(
          ids,
          column(PackedSequenceSchema.LABELS).orElse(ids),
          column(PackedSequenceSchema.SEQ_LENGTHS)
              .orElse(ids.length == 0 ? none : new int[] {ids.length}),
          column(PackedSequenceSchema.SOURCES.getName()).orElse(none));
    }

    private Optional<int[]> column(String name) {
      int index = names.indexOf(name);
      return index < 0 ? Optional.empty() : Optional.of(columns[index].toArray());
    }
  }

  /** A group level of a Parquet list: the list itself, or its repeated element group. */
  private static final class Level extends GroupConverter {
    private final Converter inner;

    Level(Converter inner) {
      this.inner = inner;
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
