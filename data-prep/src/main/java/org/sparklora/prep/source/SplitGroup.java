package org.sparklora.prep.source;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * Consecutive splits that one task reads, in whole or the rows of a selection: a task and a
 * document file for each small file would be too many. Depends on the files alone, as splits do;
 * rows keep their order.
 *
 * <p>Immutable and serialisable with Java's serialiser.
 *
 * @param selection empty: all rows
 */
public record SplitGroup(List<DatasetSplit> splits, List<RowSelection> selection)
    implements Serializable {
  /** The cost of opening a file, as bytes that could be read in the same time. */
  private static final long OPENING_BYTES = 16 << 10;

  public SplitGroup {
    splits = List.copyOf(splits);
  }

  public SplitGroup(List<DatasetSplit> splits) {
    this(splits, List.of());
  }

  public SplitGroup choosing(RowSelection rows) {
    return new SplitGroup(splits, List.of(rows));
  }

  /** The number of the mixture's dataset that the rows are of; 0 without a mixture. */
  public int source() {
    return selection.isEmpty() ? 0 : selection.get(0).shown().number();
  }

  /** Groups whole small files; a split that is a part of a file stays alone in its group. */
  public static List<SplitGroup> of(List<DatasetSplit> splits) {
    Map<DatasetFile, Long> parts =
        splits.stream().collect(Collectors.groupingBy(DatasetSplit::file, Collectors.counting()));
    long all = parts.keySet().stream().mapToLong(SplitGroup::cost).sum();
    long most = DatasetSplits.splitBytes(all);
    List<List<DatasetSplit>> groups = new ArrayList<>();
    long room = 0; // of the last group
    for (DatasetSplit split : splits) {
      long cost = parts.get(split.file()) == 1 ? cost(split.file()) : most;
      if (cost > room) {
        groups.add(new ArrayList<>());
        room = most;
      }
      groups.get(groups.size() - 1).add(split);
      room -= cost;
    }
    return groups.stream().map(SplitGroup::new).toList();
  }

  private static long cost(DatasetFile file) {
    return file.bytes() + OPENING_BYTES;
  }

  /** The number of rows that a selection reads or holds out; fast with few columns. */
  public long count(Configuration configuration, Set<String> columns) {
    long[] rows = {0};
    read(
        configuration,
        columns,
        new RowHandler() {
          @Override
          public void row(SourceRow row) {
            rows[0]++;
          }

          @Override
          public void bad(BadRowException problem) {} // met again when the rows are read

          @Override
          public void passed(boolean heldOut) {
            rows[0] += heldOut ? 1 : 0;
          }
        });
    return rows[0];
  }

  /** Reads one split after the other, as {@link DatasetSplit#read} does, until it is enough. */
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    RowHandler chosen = selection.isEmpty() ? handler : selection.get(0).choosing(handler);
    try {
      splits.forEach(split -> split.read(configuration, columns, chosen));
    } catch (DatasetSample.Enough e) {
      // the selection or the handler has all its rows
    }
  }
}
