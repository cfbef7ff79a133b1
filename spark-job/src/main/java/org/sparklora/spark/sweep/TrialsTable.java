package org.sparklora.spark.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * The logs of all trials as one table: a row for each trial and step, with the trial's settings and
 * logged metrics. A trial without a log has one row without a step.
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

  /** A column of the table; a cell of a nullable one may be null. */
  private record Column(
      String name, DataType type, boolean isNullable, Function<Line, Object> cell) {}

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

  private List<Column> columns() {
    DataType text = DataTypes.StringType;
    List<Column> columns = new ArrayList<>();
    columns.add(new Column("trial", text, false, row -> row.trial().trial()));
    settings.forEach(
        name -> columns.add(new Column(name, type(name), true, row -> row.values().get(name))));
    columns.add(new Column("state", text, false, row -> row.trial().state().words()));
    columns.add(new Column("reason", text, false, row -> row.trial().reason()));
    columns.add(
        new Column(
            TrialOutcome.STEP,
            DataTypes.LongType,
            true,
            row -> Double.isNaN(row.step()) ? null : (long) row.step()));
    metrics.forEach(
        name ->
            columns.add(
                new Column(name, DataTypes.DoubleType, true, row -> row.metrics().get(name))));
    return columns;
  }

  /** The column type of a setting, from any of its values. */
  private DataType type(String setting) {
    return rows.stream()
        .map(row -> row.values().get(setting))
        .filter(Objects::nonNull)
        .findFirst()
        .map(value -> functions.lit(value).expr().dataType())
        .orElse(DataTypes.StringType);
  }

  /** The table as CSV with a header line; cells with commas, quotes or line breaks are quoted. */
  String toCsv() {
    List<Column> columns = columns();
    StringBuilder csv = new StringBuilder(line(columns, Column::name));
    rows.forEach(row -> csv.append(line(columns, column -> text(column.cell().apply(row)))));
    return csv.toString();
  }

  private static String text(Object value) {
    return value == null
        ? ""
        : value instanceof Double number ? Trial.typed(number) : value.toString();
  }

  private static String line(List<Column> columns, Function<Column, String> cell) {
    return columns.stream()
        .map(cell)
        .map(
            text ->
                text.matches("(?s).*[\",\n].*") ? "\"" + text.replace("\"", "\"\"") + "\"" : text)
        .collect(Collectors.joining(",", "", "\n"));
  }

  /** Writes the table as Parquet, one file in the folder. */
  void writeParquet(SparkSession session, String folder) {
    List<Column> columns = columns();
    StructField[] fields =
        columns.stream()
            .map(of -> DataTypes.createStructField(of.name(), of.type(), of.isNullable()))
            .toArray(StructField[]::new);
    session
        .createDataFrame(
            rows.stream()
                .map(row -> columns.stream().map(column -> column.cell().apply(row)).toArray())
                .map(RowFactory::create)
                .toList(),
            DataTypes.createStructType(fields))
        .coalesce(1)
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(folder);
  }
}
