package org.sparklora.prep.table;

import java.io.IOException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.FileFormat;

/**
 * How a table is read, as the user says it; an empty text is an unset flag. Immutable, serialisable
 * with Java's serialiser.
 *
 * @param format {@code dataset_format}
 * @param revision {@code dataset_revision}
 * @param filter {@code dataset_filter}
 * @param columns {@code dataset_columns}
 * @param order {@code dataset_order}
 * @param split {@code dataset_test_split} where it is a predicate, and which side of it is meant
 */
public record TableQuery(
    String format, String revision, String filter, String columns, String order, Split split)
    implements Serializable {

  /**
   * A table's rows in two parts: those of which a predicate holds, to evaluate on, and all others,
   * to train on.
   *
   * @param predicate empty where the table is in one part
   * @param isTest whether the rows to evaluate on are meant
   */
  public record Split(String predicate, boolean isTest) implements Serializable {
    /** All rows. */
    public static final Split NONE = new Split("", false);
  }

  /** Of a table in one part. */
  public TableQuery(String format, String revision, String filter, String columns, String order) {
    this(format, revision, filter, columns, order, Split.NONE);
  }

  /** Of datasets that are files. */
  public static final TableQuery NONE = new TableQuery("", "", "", "", "");

  private static final Pattern NAME =
      Pattern.compile("(?:[\\p{L}_][\\p{L}\\d_-]*|`[^`/]+`)(?:\\.(?:[\\p{L}\\d_-]+|`[^`/]+`)){2,}");

  /**
   * Whether a dataset of this name can be a table of a catalogue: {@code catalog.database.name}.
   */
  public static boolean isTableName(String dataset) {
    return NAME.matcher(dataset).matches() && FileFormat.of(dataset).isEmpty();
  }

  /** Whether the dataset is read as a table: a format is given, or its name is no file's. */
  public boolean readsTable(Configuration hadoop, String dataset) {
    return !format.isEmpty() || isTableName(dataset) && !exists(hadoop, dataset);
  }

  private static boolean exists(Configuration hadoop, String dataset) {
    try {
      Path path = new Path(dataset);
      return path.getFileSystem(hadoop).exists(path);
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }

  /** The same of the rows to evaluate on. */
  public TableQuery ofTest() {
    return new TableQuery(
        format, revision, filter, columns, order, new Split(split.predicate(), true));
  }

  /** The same of another table, which has no versions in common with this one, and is whole. */
  public TableQuery ofAnother() {
    return new TableQuery(format, "", filter, columns, order);
  }

  /**
   * Refuses what only tables have, of a dataset that is none.
   *
   * @param why such as "prep made it already"
   */
  public void refuseFor(String dataset, String why) {
    settings()
        .forEach(
            (flag, value) -> {
              if (!value.isEmpty() && flag != Flags.DATASET_REVISION) {
                throw new ConfigException(flag, value, String.format(Locale.ROOT, why, dataset));
              }
            });
  }

  /** The settings that only a table has, by name. */
  public static List<String> names() {
    return NONE.settings().keySet().stream().map(Flag::name).toList();
  }

  /** The settings that are given, by name; none of a dataset that is files. */
  public Map<String, Object> given() {
    Map<String, Object> given = new LinkedHashMap<>();
    settings()
        .forEach(
            (flag, value) -> {
              if (!value.isEmpty()) {
                given.put(flag.name(), value);
              }
            });
    if (!split.predicate().isEmpty()) {
      given.put(Flags.DATASET_TEST_SPLIT.name(), split.predicate());
    }
    return given;
  }

  private Map<Flag<?>, String> settings() {
    Map<Flag<?>, String> settings = new LinkedHashMap<>();
    settings.put(Flags.DATASET_FORMAT, format);
    settings.put(Flags.DATASET_REVISION, revision);
    settings.put(Flags.DATASET_FILTER, filter);
    settings.put(Flags.DATASET_COLUMNS, columns);
    settings.put(Flags.DATASET_ORDER, order);
    return settings;
  }
}
