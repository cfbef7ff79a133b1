package org.sparklora.prep.source;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * Consecutive rows of a table in its order, stored in a part of a Parquet file.
 *
 * @param table name and version, for messages
 * @param firstRow number of the split's first row among all rows read, from 0
 */
record TableSplit(ParquetSplit rows, String table, long firstRow) implements DatasetSplit {

  @Override
  public DatasetFile file() {
    return rows.file();
  }

  @Override
  public DatasetSplit of(DatasetFile copy) {
    return new TableSplit((ParquetSplit) rows.of(copy), table, firstRow);
  }

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    Set<String> wanted = new HashSet<>(columns);
    if (!columns.isEmpty()) {
      wanted.add(TableSplits.FILE_COLUMN);
    }
    rows.read(configuration, wanted, new Numbering(handler));
  }

  /** Replaces the place of each row by its place in the table. Not thread-safe. */
  private final class Numbering implements RowHandler {
    private final RowHandler handler;
    private long next = firstRow;

    Numbering(RowHandler handler) {
      this.handler = handler;
    }

    @Override
    public void row(SourceRow row) {
      Map<String, Object> values = row.values(); // made for this row, and not yet passed on
      Object file = values.remove(TableSplits.FILE_COLUMN);
      long number = next++;
      handler.row(new SourceRow(values, () -> place(number, file), row.stored()));
    }

    private String place(long number, Object file) {
      String place = "%s row %s".formatted(table, number);
      return file == null ? place : "%s (of %s)".formatted(place, file);
    }

    @Override
    public void bad(BadRowException problem) {
      handler.bad(problem);
    }
  }
}
