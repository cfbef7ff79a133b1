package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.ParquetColumns;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;

/**
 * The last stage's task: reads the rows of consecutive splits again and writes them, in their
 * order, to a file of kept rows and one of removed rows. Used by one thread, once.
 *
 * <pre>
 * removed rows: row                     number in the dataset, from 0, counting bad rows
 *               step, reason            why it was removed
 *               collides_with_dataset   the dataset or evaluation set of the row it collides with; null: the
 *                                       only dataset
 *               collides_with_row       number of that row; null where the row was removed for itself
 *               content                 the row's columns; null if it could not be read
 * </pre>
 */
final class WriteSplit implements RowHandler {
  /** The folder of the rows that go, beside {@link CurateManifest#DATA}. */
  private static final String REMOVED = "removed";

  private static final String CONTENT = "content";

  private static final MessageType ABOUT =
      MessageTypeParser.parseMessageType(
          """
          message removed {
            required int64 row;
            required binary step (STRING);
            required binary reason (STRING);
            optional binary collides_with_dataset (STRING);
            optional int64 collides_with_row;
          }""");

  /** The column of copies with the id of each row. */
  static final String ID = "_spark_lora_id";

  /**
   * Where a task writes rows.
   *
   * @param folder path below {@link CurateManifest#DATA} and {@link #REMOVED}, or empty
   * @param columns a Parquet file without rows, whose schema is that of the rows
   * @param firstRows number of the first row of each split in its dataset; empty to copy all rows
   *     that can be read, each with its {@link #ID}, for Spark SQL, which does not read all that we
   *     do
   * @param datasets of a mixture the name of each split's dataset; else empty
   * @param isParquet whether all files of the split's dataset are Parquet
   */
  record Places(
      Path output,
      String folder,
      Path columns,
      long[] firstRows,
      List<String> datasets,
      boolean isParquet)
      implements Serializable {

    Path path(String name) {
      return new Path(output, name + folder);
    }
  }

  private final Places places;
  private final CuratedSplit split;
  private final MessageType columns;
  private final MessageType removedType;
  private final RowFile<Group> data;
  private final RowFile<Group> removed;
  private final LongConsumer rows;
  private final CurateReport report = new CurateReport();
  private final Map<Long, Removal> removals; // by id
  private long position;

  private WriteSplit(
      Places places,
      CuratedSplit split,
      MessageType columns,
      RowFile<Group> data,
      RowFile<Group> removed,
      LongConsumer rows) {
    this.places = places;
    this.split = split;
    this.columns = columns;
    this.removedType = removedType(columns);
    this.data = data;
    this.removed = removed;
    this.rows = rows;
    this.removals = isCopy() ? Map.of() : Removal.ofSplit(split);
  }

  static CurateReport run(Places places, CuratedSplit split, LongConsumer rows) {
    MessageType columns = ParquetColumns.schema(split.hadoop(), places.columns);
    return split.write(
        places.path(CurateManifest.DATA),
        file -> RowFile.ofGroups(split.hadoop(), file, columns),
        data ->
            split.write(
                places.path(REMOVED),
                file -> RowFile.ofGroups(split.hadoop(), file, removedType(columns)),
                removed -> new WriteSplit(places, split, columns, data, removed, rows).read()));
  }

  private CurateReport read() {
    split.rows().read(split.hadoop(), Set.of(), this);
    return report;
  }

  private boolean isCopy() {
    return places.firstRows.length == 0;
  }

  private static MessageType removedType(MessageType row) {
    List<Type> fields = new ArrayList<>(ABOUT.getFields());
    fields.add(new GroupType(Type.Repetition.OPTIONAL, CONTENT, row.getFields()));
    return new MessageType("removed", fields);
  }

  @Override
  public void row(SourceRow row) {
    long id = split.id(position++);
    Group content = ColumnTypes.group(columns, row, places.isParquet);
    rows.accept(1);
    report.processed++;
    if (removals.containsKey(id)) {
      Group removal = removal(id);
      removal.add(CONTENT, content);
      removed.write(removal);
      return;
    }
    if (isCopy()) {
      content.add(ID, id);
    }
    data.write(content);
    report.kept++;
  }

  @Override
  public void bad(BadRowException problem) {
    rows.accept(0);
    long id = split.id(position++);
    if (removals.containsKey(id)) {
      removed.write(removal(id));
    } else if (!isCopy()) {
      throw problem; // it could be read before: the file has changed
    }
  }

  /** The decision to remove a row, without the content. */
  private Group removal(long id) {
    Removal made = removals.get(id);
    Group row = new SimpleGroup(removedType);
    row.add("row", number(id));
    row.add("step", made.step());
    row.add("reason", made.reason());
    if (!made.otherSet().isEmpty()) {
      row.add("collides_with_dataset", made.otherSet());
      row.add("collides_with_row", made.other());
    } else if (made.other() != Removal.NONE) {
      if (!places.datasets.isEmpty()) {
        row.add("collides_with_dataset", places.datasets.get(CuratedSplit.indexOf(made.other())));
      }
      row.add("collides_with_row", number(made.other()));
    }
    report.removed.merge(made.step(), 1L, Long::sum);
    return row;
  }

  private long number(long id) {
    return places.firstRows[CuratedSplit.indexOf(id)] + CuratedSplit.positionOf(id);
  }
}
