package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
  private final Map<String, Ints> columns = new LinkedHashMap<>();
  private final GroupConverter root;

  private PackedSequenceMaterializer(MessageType schema) {
    schema.getFields().forEach(field -> columns.put(field.getName(), new Ints()));
    root =
        new Level(
            columns.values().stream()
                .map(column -> new Level(new Level(column))) // a list, and its repeated group
                .toArray(Converter[]::new));
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

  /** The columns of {@link PackedSequenceWriter} that the file has. */
  private static MessageType columnsOf(MessageType file) {
    if (!file.containsField(PackedSequenceWriter.INPUT_IDS)) {
      throw new TableException(
          "Cannot read packed rows: there is no input_ids column among %s; name a table that prep wrote"
              .formatted(file.getFields().stream().map(Type::getName).toList()));
    }
    List<Type> columns = new ArrayList<>();
    for (Type column : PackedSequenceWriter.SCHEMA.getFields()) {
      if (file.containsField(column.getName())) {
        columns.add(file.getType(column.getName()));
      }
    }
    if (file.getFields().contains(PackedSequenceWriter.SOURCES)) { // else of another type
      columns.add(PackedSequenceWriter.SOURCES);
    }
    return new MessageType(file.getName(), columns);
  }

  @Override
  public PackedSequence getCurrentRecord() {
    int[] ids = taken(PackedSequenceWriter.INPUT_IDS).orElseThrow();
    int[] none = {};
    return new PackedSequence(
        ids,
        taken(PackedSequenceWriter.LABELS).orElse(ids),
        taken(PackedSequenceWriter.SEQ_LENGTHS)
            .orElse(ids.length == 0 ? none : new int[] {ids.length}),
        taken(PackedSequenceWriter.SOURCES.getName()).orElse(none));
  }

  private Optional<int[]> taken(String column) {
    return Optional.ofNullable(columns.get(column)).map(Ints::taken);
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  /** A group of which only the fields matter. */
  private static final class Level extends GroupConverter {
    private final Converter[] fields;

    Level(Converter... fields) {
      this.fields = fields;
    }

    @Override
    public Converter getConverter(int fieldIndex) {
      return fields[fieldIndex];
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }

  /**
   * The values of a list in the current row; 64-bit columns (Python's default) are narrowed with a
   * check.
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

    /** Removes the values: a row without a list adds none. */
    int[] taken() {
      int[] row = Arrays.copyOf(values, size);
      size = 0;
      return row;
    }
  }
}
