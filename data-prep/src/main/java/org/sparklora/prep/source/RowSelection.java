package org.sparklora.prep.source;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The rows that a mixture takes of one group of splits: a function of seed, dataset and the row's
 * place alone, so that they are the same for any number of cores.
 *
 * @param first number of the group's first row; it depends on the files alone, as groups do
 * @param pass rows with at most so many copies are left out
 * @param most rows after which the reading ends
 */
public record RowSelection(Take take, Held held, Shown shown, long first, int pass, long most)
    implements Serializable {
  private static final long COPIES = 1;
  private static final long HELD_OUT = 2;

  /**
   * How many rows of a dataset are taken.
   *
   * @param weight copies of each row; of a fraction, that share of the rows has one more
   * @param maxRows most rows, copies counted; {@link Long#MAX_VALUE}: no limit
   */
  public record Take(double weight, long maxRows, long seed) implements Serializable {}

  /**
   * The share of the rows that is held out for evaluation.
   *
   * @param isTest whether these rows are read, or all others
   */
  public record Held(double share, boolean isTest) implements Serializable {}

  /**
   * A dataset of a mixture.
   *
   * @param number from 0
   * @param sourceColumn column that receives {@code name}
   * @param columns that are kept; empty: all
   */
  public record Shown(int number, String name, String sourceColumn, Set<String> columns)
      implements Serializable {}

  /** A copy of a row with these of its columns; empty: with all. */
  public static Map<String, Object> only(Set<String> columns, Map<String, Object> row) {
    Map<String, Object> values = new LinkedHashMap<>(row);
    values.keySet().removeIf(column -> !columns.isEmpty() && !columns.contains(column));
    return values;
  }

  private boolean takes(long row) {
    return pass + 1 <= take.weight || uniform(row, COPIES) < take.weight - pass;
  }

  private boolean isRead(long row) {
    return uniform(row, HELD_OUT) < held.share == held.isTest;
  }

  /** A number of [0, 1), the same for all copies of a row. */
  private double uniform(long row, long purpose) {
    long hash = mix(mix(mix(mix(take.seed) + shown.number) + row) + purpose);
    return (hash >>> 11) * 0x1.0p-53;
  }

  private static long mix(long value) {
    return new SplittableRandom(value).nextLong();
  }

  /** A handler that passes the selection's rows on to {@code handler}, and each bad one once. */
  RowHandler choosing(RowHandler handler) {
    return new RowHandler() {
      private long next = first;
      private long taken;

      @Override
      public void row(SourceRow row) {
        long number = next++;
        if (!takes(number)) {
          if (pass == 0) {
            handler.passed(false);
          }
          return;
        }
        if (isRead(number)) {
          Map<String, Object> values = only(shown.columns, row.values());
          values.put(shown.sourceColumn, shown.name);
          handler.row(new SourceRow(values, row.place(), Optional.empty()));
        } else {
          handler.passed(true);
        }
        if (++taken == most) {
          throw new DatasetSample.Enough();
        }
      }

      @Override
      public void bad(BadRowException problem) {
        next++;
        if (pass == 0) {
          handler.bad(problem);
        }
      }
    };
  }
}
