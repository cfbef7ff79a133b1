package org.sparklora.prep.table;

import java.io.IOException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
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
 */
public record TableQuery(
    String format, String revision, String filter, String columns, String order)
    implements Serializable {

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
                throw new ConfigException(flag, value, why.formatted(dataset));
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
