package org.sparklora.prep;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.RowSelection;
import org.sparklora.prep.source.RowSelection.Held;
import org.sparklora.prep.source.RowSelection.Shown;
import org.sparklora.prep.source.RowSelection.Take;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.prep.table.TableQuery;

/**
 * Several datasets that become one table, one after the other: {@code --datasets}. Immutable,
 * serialisable with Java's serialiser.
 *
 * @param held rows that are held out for evaluation
 * @param settings contents of the file, as they are written
 */
public record Mixture(List<Part> parts, Held held, Map<String, Object> settings)
    implements Serializable {
  /** One dataset alone, as {@code --dataset_name} gives it. */
  public static final Mixture NONE = new Mixture(List.of(), new Held(0, false), Map.of());

  /** Column with the name of a row's dataset; the second if a dataset has the first. */
  private static final List<String> COLUMNS = List.of("source", "mixture_source");

  /** Bits of a row's number within its group of splits. */
  private static final int POSITION_BITS = 40;

  /**
   * A dataset.
   *
   * @param filter of files: predicate of the rows to take; empty: all
   * @param columns of files: those to take; empty: all
   */
  public record Part(PrepConfig.Source source, String filter, Set<String> columns, Take take)
      implements Serializable {

    Part(PrepConfig.Source source) {
      this(source, "", Set.of(), new Take(1, Long.MAX_VALUE, 0));
    }

    private String name() {
      String config = source.config().isEmpty() ? "" : ":" + source.config();
      return source.dataset() + config;
    }

    /** The columns of a dataset's sample that are taken; refuses a sample that lacks one. */
    public Map<String, Object> of(Map<String, Object> sample) {
      for (String column : columns) {
        ConfigException.require(
            sample.containsKey(column),
            Flags.DATASET_COLUMNS,
            column,
            "the dataset %s has the columns %s; an expression of Spark SQL needs a format, which makes it a table"
                .formatted(name(), String.join(", ", sample.keySet())));
      }
      return taken(sample);
    }

    /**
     * Refuses a filter of files that depends on the present time, which a table's manifest does not
     * keep: the table would be used again on another day.
     */
    void requireTimeless() {
      Optional<String> found = TableQuery.presentTime(filter);
      ConfigException.require(
          found.isEmpty(),
          Flags.FILTER,
          filter,
          "%s depends on the day, and the table would be used again on others; write the day itself, such as DATE'2026-11-01', or give a format, with which the table's manifest keeps the day"
              .formatted(found.orElse("")));
    }

    public Map<String, Object> taken(Map<String, Object> row) {
      return columns.isEmpty() ? row : RowSelection.only(columns, row);
    }
  }

  /** Whether there is one dataset alone. */
  public boolean isNone() {
    return parts.isEmpty();
  }

  public Mixture ofTest() {
    return new Mixture(parts, new Held(held.share(), true), settings);
  }

  public List<String> names() {
    return IntStream.range(0, parts.size()).mapToObj(this::name).toList();
  }

  /** The name of a dataset: with its configuration, and its number if another has the same. */
  private String name(int number) {
    String name = parts.get(number).name();
    boolean distinct = parts.stream().filter(part -> part.name().equals(name)).count() == 1;
    return distinct ? name : name + "#" + number;
  }

  /** The first of {@link #COLUMNS}, or the second if a dataset has the first. */
  static String sourceColumn(List<Map<String, Object>> samples) {
    boolean isUsed = samples.stream().anyMatch(sample -> sample.containsKey(COLUMNS.get(0)));
    return COLUMNS.get(isUsed ? 1 : 0);
  }

  /**
   * The splits of a dataset, as {@link DatasetInput#readable}, with the rows that are taken.
   *
   * @param sourceColumn see {@link #sourceColumn}
   * @param model whose tokens filters may count
   */
  List<SplitGroup> readable(
      int number,
      DatasetInput all,
      String sourceColumn,
      PrepConfig.Model model,
      SessionTables session,
      Path scratch) {
    Part part = parts.get(number);
    Path folder = new Path(scratch, "source-" + number);
    DatasetInput rows = part.filter.isEmpty() ? all : session.filtered(all, part, model, folder);
    List<SplitGroup> groups = rows.readable(session, folder);
    List<SplitGroup> chosen = new ArrayList<>();
    Shown shown = new Shown(number, name(number), sourceColumn, part.columns);
    long room = part.take.maxRows();
    for (int pass = 0; pass < part.take.weight(); pass++) {
      for (int group = 0; group < groups.size() && room > 0; group++) {
        long first = (long) group << POSITION_BITS;
        SplitGroup some =
            groups.get(group).choosing(new RowSelection(part.take, held, shown, first, pass, room));
        chosen.add(some);
        if (room < Long.MAX_VALUE) { // the limit is for all groups together
          room -= some.count(session.hadoop(), Set.of(sourceColumn));
        }
      }
    }
    return chosen;
  }
}
