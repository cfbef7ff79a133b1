package org.sparklora.prep.table;

import java.io.IOException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.source.FileFormat;
import org.sparklora.prep.source.LowerCase;

/**
 * The user's settings for reading a table: {@code dataset_format}, {@code dataset_revision} and so
 * on; an empty text is an unset flag. Immutable, serialisable with Java's serialiser.
 *
 * @param split {@code dataset_test_split} if it is a predicate, and which side of it is read
 */
public record TableQuery(
    String format, String revision, String filter, String columns, String order, Split split)
    implements Serializable {

  /**
   * A table's rows in two parts: rows for which a predicate holds, for evaluation, and all others,
   * for training.
   *
   * @param predicate empty if the table is not divided
   * @param isTest whether the rows for evaluation are read
   */
  public record Split(String predicate, boolean isTest) implements Serializable {}

  /** {@code --dataset_order}: the sort key of a table's rows. */
  public enum Order implements LowerCase {
    /** The path of a row's data file, and the row's position in it. */
    FILES,
    /** A hash of the row's values. */
    CONTENT
  }

  /** A query of an undivided table. */
  public TableQuery(String format, String revision, String filter, String columns, String order) {
    this(format, revision, filter, columns, order, new Split("", false));
  }

  /** The query of datasets that are files: no flag is set. */
  public static final TableQuery NONE = new TableQuery("", "", "", "", "");

  private static final Pattern NAME =
      Pattern.compile("(?:[\\p{L}_][\\p{L}\\d_-]*|`[^`/]+`)(?:\\.(?:[\\p{L}\\d_-]+|`[^`/]+`)){2,}");

  private static final Pattern PRESENT_TIME =
      Pattern.compile(
          "(?i)\\b(current_date|current_timestamp|localtimestamp|curdate|now\\s*\\(|unix_timestamp\\s*\\(\\s*\\))"
              + "|['\"]\\s*(now|today|tomorrow|yesterday)(\\s+\\S+|[+-][\\d:]+)?\\s*['\"]");

  /** The first function in SQL, or text that Spark casts to a date, that depends on the day. */
  public static Optional<String> presentTime(String sql) {
    Matcher found = PRESENT_TIME.matcher(sql);
    return found.find() ? Optional.of(found.group()) : Optional.empty();
  }

  /** Whether a dataset can be a catalogue's table by its name, {@code catalog.database.name}. */
  public static boolean isTableName(String dataset) {
    return NAME.matcher(dataset).matches() && FileFormat.of(dataset).isEmpty();
  }

  /** Whether the dataset of a command can be a table: by its name, or as a format is given. */
  public static boolean isAskedFor(Settings settings) {
    return settings.isGiven(Flags.DATASET_FORMAT)
        || settings.find(Flags.DATASET_NAME).filter(TableQuery::isTableName).isPresent();
  }

  /** Whether the dataset is a table: a format is given, or a table's name and no path. */
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

  /** Refuses settings of tables for a dataset that is not one; {@code why} has a %s for it. */
  public void refuseFor(String dataset, String why) {
    String remedy = String.format(Locale.ROOT, why, dataset);
    Map<Flag<?>, String> settings = settings();
    settings.remove(Flags.DATASET_REVISION); // datasets of the hub have one, too
    settings.forEach(
        (flag, value) -> ConfigException.require(value.isEmpty(), flag, value, remedy));
  }

  public static List<String> names() {
    return NONE.settings().keySet().stream().map(Flag::name).toList();
  }

  /** The settings that are given, by name; empty for a dataset of files. */
  public Map<String, Object> given() {
    Map<String, Object> given = new LinkedHashMap<>();
    settings().forEach((flag, value) -> given.put(flag.name(), value));
    given.put(Flags.DATASET_TEST_SPLIT.name(), split.predicate());
    given.values().removeIf(""::equals);
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
