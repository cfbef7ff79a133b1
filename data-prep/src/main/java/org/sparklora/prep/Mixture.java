package org.sparklora.prep;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.RowSelection;
import org.sparklora.prep.source.RowSelection.Held;
import org.sparklora.prep.source.RowSelection.Shown;
import org.sparklora.prep.source.RowSelection.Take;
import org.sparklora.prep.source.SplitGroup;

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

    private String name() {
      String config = source.config().isEmpty() ? "" : ":" + source.config();
      return source.dataset() + config;
    }
  }

  /** Whether there is one dataset alone. */
  public boolean isNone() {
    return parts.isEmpty();
  }

  /** This mixture's rows to evaluate on. */
  public Mixture ofTest() {
    return new Mixture(parts, new Held(held.share(), true), settings);
  }

  /** The name of a dataset: with its configuration, and its number if another has the same. */
  private String name(int number) {
    String name = parts.get(number).name();
    boolean distinct = parts.stream().filter(part -> part.name().equals(name)).count() == 1;
    return distinct ? name : name + "#" + number;
  }

  /** The datasets, as found, with the rows and columns that are taken of each. */
  List<DatasetInput> of(Configuration hadoop, List<DatasetInput> found) {
    Set<String> all = new HashSet<>();
    for (int i = 0; i < found.size(); i++) {
      Input input = new Input(this, i, found.get(i), "");
      all.addAll(input.shown().of(input.all.sample(hadoop)).keySet());
    }
    String column = COLUMNS.get(all.contains(COLUMNS.get(0)) ? 1 : 0);
    List<DatasetInput> inputs = new ArrayList<>();
    for (DatasetInput input : found) {
      inputs.add(new Input(this, inputs.size(), input, column));
    }
    return inputs;
  }

  /**
   * A dataset of the mixture, as found.
   *
   * @param sourceColumn see {@link #COLUMNS}
   */
  record Input(Mixture mixture, int number, DatasetInput all, String sourceColumn)
      implements DatasetInput {

    private Part part() {
      return mixture.parts.get(number);
    }

    private Shown shown() {
      return new Shown(number, name(), sourceColumn, part().columns);
    }

    @Override
    public String name() {
      return mixture.name(number);
    }

    @Override
    public PrepConfig.Source source() {
      return part().source;
    }

    @Override
    public PrepCounts counts() {
      return all.counts();
    }

    @Override
    public String description() {
      return all.description();
    }

    @Override
    public Map<String, Object> sample(Configuration configuration) {
      Map<String, Object> sample = all.sample(configuration);
      for (String column : part().columns) {
        ConfigException.require(
            sample.containsKey(column),
            Flags.DATASET_COLUMNS,
            column,
            "the dataset %s has the columns %s; an expression of Spark SQL needs a format, which makes it a table"
                .formatted(name(), String.join(", ", sample.keySet())));
      }
      return shown().of(sample);
    }

    @Override
    public List<SplitGroup> readable(SessionTables session, boolean sameMachine, Path scratch) {
      Path folder = new Path(scratch, "source-" + number);
      DatasetInput rows =
          part().filter.isEmpty() ? all : session.filtered(all, part().filter, folder);
      List<SplitGroup> groups = rows.readable(session, sameMachine, folder);
      List<SplitGroup> chosen = new ArrayList<>();
      Take take = part().take;
      long room = take.maxRows();
      for (int pass = 0; pass < take.weight(); pass++) {
        for (int group = 0; group < groups.size() && room > 0; group++) {
          RowSelection selection =
              new RowSelection(
                  take, mixture.held, shown(), (long) group << POSITION_BITS, pass, room);
          SplitGroup some = groups.get(group).choosing(selection);
          chosen.add(some);
          if (room < Long.MAX_VALUE) { // of all groups, no more rows than these are counted
            room -= some.count(session.hadoop(), Set.of(sourceColumn));
          }
        }
      }
      return chosen;
    }

    @Override
    public String fingerprint(Configuration configuration) {
      return all.fingerprint(configuration);
    }

    @Override
    public Map<String, Object> origin() {
      return all.origin();
    }
  }
}
