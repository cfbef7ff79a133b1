package org.sparklora.prep.source;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/**
 * The first rows of a dataset, merged: by column the first value that is neither null nor, if
 * another row has one, an empty list.
 */
public final class DatasetSample {
  /** Rows that a sample is made of. */
  public static final int ROWS = 64;

  private DatasetSample() {}

  /**
   * The sample; empty when no row can be read. Skips bad rows: reading the dataset later meets them
   * again.
   *
   * @param bad receives each bad row; an exception that it throws ends the reading
   */
  public static Map<String, Object> of(
      Configuration configuration, List<DatasetSplit> splits, Consumer<BadRowException> bad) {
    Map<String, Object> sample = new LinkedHashMap<>();
    RowHandler first =
        new RowHandler() {
          private int rows;

          @Override
          public void row(SourceRow row) {
            row.values().forEach((column, value) -> add(sample, column, value));
            if (++rows == ROWS) {
              throw new Enough();
            }
          }

          @Override
          public void bad(BadRowException problem) {
            bad.accept(problem);
          }
        };
    new SplitGroup(splits).read(configuration, Set.of(), first);
    return sample;
  }

  /** Adds a column's value to a sample that has none, or an empty list. */
  public static void add(Map<String, Object> sample, String column, Object value) {
    Object known = sample.get(column);
    if (known == null || value != null && known.equals(List.of())) {
      sample.put(column, value);
    }
  }

  /** Thrown to end the reading once enough rows were read. */
  static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Enough() {
      super(null, null, false, false);
    }
  }
}
