package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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
  /** Folders of the output. */
  static final String DATA = "data";

  static final String REMOVED = "removed";

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
   * Where a task reads decisions and writes rows.
   *
   * @param folder path below {@link #DATA} and {@link #REMOVED}, or empty
   * @param columns a Parquet file without rows, whose schema is that of the rows
   * @param removals folder of the decisions, by split
   * @param firstRows number of the first row of each split in its dataset; empty to copy all rows
   *     that can be read, each with its {@link #ID}, for Spark SQL, which does not read all that we
   *     do
   * @param datasets of a mixture the name of each split's dataset; else empty
   */
  record Places(
      String output,
      String folder,
      String columns,
      String removals,
      long[] firstRows,
      List<String> datasets)
      implements Serializable {

    Path path(String name) {
      return new Path(output, name + folder);
    }
  }

  private final Places places;
  private final SplitFiles split;
  private final RowGroups groups;
  private final MessageType removedType;
  private final RowFile<Group> data;
  private final RowFile<Group> removed;
  private final CurateReport report = new CurateReport();
  private Iterator<Removal> removals = Collections.emptyIterator();
  private Removal next = Removal.LAST;
  private long position;

  private WriteSplit(
      Places places,
      SplitFiles split,
      RowGroups groups,
      RowFile<Group> data,
      RowFile<Group> removed) {
    this.places = places;
    this.split = split;
    this.groups = groups;
    this.removedType = removedType(groups.schema());
    this.data = data;
    this.removed = removed;
  }

  static CurateReport run(Places places, SplitFiles split) {
    MessageType columns = ParquetColumns.schema(split.hadoop(), new Path(places.columns));
    return split.write(
        new SplitFiles.Target(places.path(DATA), columns, false),
        new SplitFiles.Target(places.path(REMOVED), removedType(columns), false),
        (data, removed) ->
            new WriteSplit(places, split, new RowGroups(columns), data, removed).read());
  }

  private CurateReport read() {
    if (!isCopy()) {
      Path folder = new Path(places.removals);
      removals = Removal.ofSplit(split.hadoop(), folder, split.index()).iterator();
      advance();
    }
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

  private void advance() {
    next = removals.hasNext() ? removals.next() : Removal.LAST;
  }

  @Override
  public void row(SourceRow row) {
    long id = RowId.of(split.index(), position++);
    Group content = groups.of(row);
    report.processed++;
    if (id != next.id()) {
      if (isCopy()) {
        content.add(ID, id);
      }
      data.write(content);
      report.kept++;
      return;
    }
    Group removal = removal();
    removal.add(CONTENT, content);
    removed.write(removal);
  }

  @Override
  public void bad(BadRowException problem) {
    long id = RowId.of(split.index(), position++);
    if (id == next.id()) {
      removed.write(removal());
    } else if (!isCopy()) {
      throw problem; // it could be read before: the file has changed
    }
  }

  /** The next decision as a row, without the content. */
  private Group removal() {
    Removal made = next;
    Group row = new SimpleGroup(removedType);
    row.add("row", number(made.id()));
    row.add("step", made.step());
    row.add("reason", made.reason());
    if (!made.otherSet().isEmpty()) {
      row.add("collides_with_dataset", made.otherSet());
      row.add("collides_with_row", made.other());
    } else if (made.other() != Removal.NONE) {
      if (!places.datasets.isEmpty()) {
        row.add("collides_with_dataset", places.datasets.get(RowId.split(made.other())));
      }
      row.add("collides_with_row", number(made.other()));
    }
    report.countRemoved(Step.valueOf(made.step().toUpperCase(Locale.ROOT)));
    advance();
    return row;
  }

  private long number(long id) {
    return places.firstRows[RowId.split(id)] + RowId.position(id);
  }
}
