package org.sparklora.spark.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * The logs of all trials as one table: a row for each trial and step, with the trial's settings and
 * logged metrics. A diverged trial, which has no log, has one row without a step.
 *
 * @param settings names of the columns of varied settings
 * @param metrics names of the columns of metrics, without {@code step}
 * @param rows in the order of the trials, then of the steps
 */
record TrialsTable(List<String> settings, List<String> metrics, List<Line> rows) {
  /**
   * A row of the table.
   *
   * @param values the settings by name: Boolean, Integer, Double or text
   * @param step NaN for none
   */
  record Line(
      TrialOutcome trial, Map<String, Object> values, double step, Map<String, Double> metrics) {}

  static TrialsTable of(List<Trial> trials, List<TrialOutcome> outcomes) {
    TreeSet<String> metrics = new TreeSet<>();
    List<Line> rows = new ArrayList<>();
    for (TrialOutcome outcome : outcomes) {
      Settings flags = trials.get(0).settings(); // all trials have the same command
      Map<String, Object> values = new LinkedHashMap<>();
      outcome
          .values()
          .forEach(
              (name, text) -> flags.typed(name, text).ifPresent(value -> values.put(name, value)));
      Map<Double, Map<String, Double>> bySteps = new TreeMap<>();
      for (Map<String, Double> row : outcome.log()) {
        double step = row.getOrDefault(TrialOutcome.STEP, 0.0);
        bySteps.computeIfAbsent(step, s -> new LinkedHashMap<>()).putAll(row);
      }
      bySteps.forEach(
          (step, logged) -> {
            logged.remove(TrialOutcome.STEP);
            metrics.addAll(logged.keySet());
            rows.add(new Line(outcome, values, step, logged));
          });
      if (bySteps.isEmpty()) {
        rows.add(new Line(outcome, values, Double.NaN, Map.of()));
      }
    }
    List<String> settings =
        trials.isEmpty() ? List.of() : List.copyOf(trials.get(0).values().keySet());
    // a name that is both setting and metric has only the setting's column
    metrics.removeAll(settings);
    return new TrialsTable(settings, List.copyOf(metrics), rows);
  }

  /** The table as CSV with a header line; cells with commas, quotes or line breaks are quoted. */
  String toCsv() {
    StringBuilder csv = new StringBuilder();
    List<String> head = new ArrayList<>(List.of("trial"));
    head.addAll(settings);
    head.addAll(List.of("state", "reason", TrialOutcome.STEP));
    head.addAll(metrics);
    csv.append(line(head));
    for (Line row : rows) {
      List<String> cells = new ArrayList<>(List.of(row.trial().trial()));
      settings.forEach(name -> cells.add(text(row.values().get(name))));
      cells.add(state(row));
      cells.add(row.trial().reason());
      cells.add(Double.isNaN(row.step()) ? "" : Long.toString((long) row.step()));
      metrics.forEach(name -> cells.add(text(row.metrics().get(name))));
      csv.append(line(cells));
    }
    return csv.toString();
  }

  private static String text(Object value) {
    return value == null
        ? ""
        : value instanceof Double number ? Trial.typed(number) : value.toString();
  }

  private static String state(Line row) {
    return row.trial().state().name().toLowerCase(Locale.ROOT);
  }

  private static String line(List<String> cells) {
    return cells.stream()
            .map(
                cell ->
                    cell.matches("(?s).*[\",\n].*")
                        ? "\"" + cell.replace("\"", "\"\"") + "\""
                        : cell)
            .collect(Collectors.joining(","))
        + "\n";
  }

  /** Writes the table as Parquet, one file in the folder. */
  void writeParquet(SparkSession session, String folder) {
    List<StructField> fields = new ArrayList<>();
    fields.add(DataTypes.createStructField("trial", DataTypes.StringType, false));
    settings.forEach(name -> fields.add(DataTypes.createStructField(name, type(name), true)));
    fields.add(DataTypes.createStructField("state", DataTypes.StringType, false));
    fields.add(DataTypes.createStructField("reason", DataTypes.StringType, false));
    fields.add(DataTypes.createStructField(TrialOutcome.STEP, DataTypes.LongType, true));
    metrics.forEach(
        name -> fields.add(DataTypes.createStructField(name, DataTypes.DoubleType, true)));
    StructType schema = DataTypes.createStructType(fields);
    session
        .createDataFrame(rows.stream().map(this::row).toList(), schema)
        .coalesce(1)
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(folder);
  }

  /** The column type of a setting, from any of its values. */
  private DataType type(String setting) {
    return rows.stream()
        .map(row -> row.values().get(setting))
        .filter(Objects::nonNull)
        .findFirst()
        .map(
            value ->
                value instanceof Boolean
                    ? DataTypes.BooleanType
                    : value instanceof Integer
                        ? DataTypes.IntegerType
                        : value instanceof Double ? DataTypes.DoubleType : DataTypes.StringType)
        .orElse(DataTypes.StringType);
  }

  private Row row(Line row) {
    List<Object> cells = new ArrayList<>(List.of(row.trial().trial()));
    settings.forEach(name -> cells.add(row.values().get(name)));
    cells.add(state(row));
    cells.add(row.trial().reason());
    cells.add(Double.isNaN(row.step()) ? null : (long) row.step());
    metrics.forEach(name -> cells.add(row.metrics().get(name)));
    return RowFactory.create(cells.toArray());
  }
}
