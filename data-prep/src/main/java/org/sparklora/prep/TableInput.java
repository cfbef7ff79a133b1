package org.sparklora.prep;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.prep.table.SelectedTable;
import org.sparklora.prep.table.SourceTables;
import org.sparklora.prep.table.TableQuery;

/** A table at one version, read by Spark SQL. */
record TableInput(PrepConfig.Source source, SelectedTable table, PrepCounts counts)
    implements DatasetInput {
  /** Defaults of the flags that name splits. */
  private static final Set<String> USUAL_SPLITS = Set.of("train", "test");

  /** Opens the table; refuses configurations, splits and what {@link SelectedTable} refuses. */
  static TableInput of(SessionTables session, PrepConfig.Source source) {
    ConfigException.require(
        source.config().isEmpty(),
        Flags.DATASET_CONFIG,
        source.config(),
        "a table has no configurations; leave it out, and take rows with --dataset_filter");
    ConfigException.require(
        USUAL_SPLITS.contains(source.split()) || source.query().split().isTest(),
        Flags.DATASET_TRAIN_SPLIT,
        source.split(),
        "a table has no splits; leave it out, and take rows with --dataset_filter");
    SelectedTable table = SourceTables.open(session.session(), source.dataset(), source.query());
    return new TableInput(source, table, new PrepCounts());
  }

  @Override
  public String description() {
    return table.description();
  }

  @Override
  public Map<String, Object> sample(Configuration configuration) {
    Map<String, Object> sample = table.sample();
    TableQuery.Split split = source.query().split();
    String conditions =
        Stream.of(source.query().filter(), (split.isTest() ? "" : "not ") + split.predicate())
            .filter(condition -> !condition.isEmpty() && !condition.equals("not "))
            .collect(Collectors.joining(" and "));
    counts.requireRows(
        !sample.isEmpty(),
        source.dataset(),
        "it has no rows" + (conditions.isEmpty() ? "" : " with " + conditions));
    return sample;
  }

  /** Writes the ordered rows to files, even if tasks run on the driver's machine. */
  @Override
  public List<SplitGroup> readable(SessionTables session, Path scratch) {
    return SplitGroup.of(table.write(session.hadoop(), new Path(scratch, "rows")));
  }

  @Override
  public List<Path> places() {
    String location = table.origin().get("location").toString();
    return location.isEmpty() ? List.of() : List.of(new Path(location));
  }

  @Override
  public Map<String, Object> origin() {
    return table.origin();
  }
}
