package org.sparklora.prep.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * The rows of a table that a filter keeps, projected to the requested columns.
 *
 * @param kept filtered rows, with all columns of the table
 * @param columns expressions over the columns of {@code kept}
 * @param rows filtered rows, with {@code columns} only
 */
public record QueriedTable(Dataset<Row> kept, List<Column> columns, Dataset<Row> rows) {

  /** Refuses a filter or columns that are not deterministic, or give several rows for one. */
  static QueriedTable of(Dataset<Row> table, TableQuery query) {
    Dataset<Row> kept = split(filtered(table, Flags.DATASET_FILTER, query.filter()), query.split());
    List<Column> columns = columns(kept, query.columns());
    return new QueriedTable(kept, columns, projected(kept, columns, query.columns()));
  }

  /** The rows of one part; a row for which the predicate is null is a training row. */
  private static Dataset<Row> split(Dataset<Row> rows, TableQuery.Split split) {
    Dataset<Row> test = filtered(rows, Flags.DATASET_TEST_SPLIT, split.predicate());
    return split.predicate().isEmpty() || split.isTest()
        ? test
        : rows.where(
            functions.not(
                functions.coalesce(functions.expr(split.predicate()), functions.lit(false))));
  }

  /**
   * The rows for which a user's predicate holds; all if it is empty.
   *
   * @throws ConfigException if the predicate cannot be used, or gives other rows each time
   */
  public static Dataset<Row> filtered(Dataset<Row> rows, Flag<String> flag, String filter) {
    if (filter.isEmpty()) {
      return rows;
    }
    Dataset<Row> found =
        AskedOfTables.of(
            flag,
            filter,
            "give a predicate of Spark SQL over the columns " + String.join(", ", rows.columns()),
            () -> rows.where(functions.expr(filter)));
    requireRepeatable(flag, filter, found);
    return found;
  }

  private static List<Column> columns(Dataset<Row> kept, String list) {
    if (list.isEmpty()) {
      return List.of(functions.col("*"));
    }
    LogicalPlan parsed =
        AskedOfTables.of(
            Flags.DATASET_COLUMNS,
            list,
            "give what stands between SELECT and FROM, such as \"question AS prompt, answer AS completion\"",
            () -> kept.sparkSession().sessionState().sqlParser().parsePlan("SELECT " + list));
    if (!(parsed instanceof Project project && project.child() instanceof OneRowRelation)) {
      throw notOfOneRow(list);
    }
    List<Column> expressions = new ArrayList<>();
    for (int i = 0; i < project.projectList().size(); i++) {
      expressions.add(new Column((Expression) project.projectList().apply(i)));
    }
    return expressions;
  }

  /** A column by its name, which may hold any characters. */
  static Column quoted(String name) {
    return functions.col("`%s`".formatted(name.replace("`", "``")));
  }

  private static Dataset<Row> projected(Dataset<Row> kept, List<Column> columns, String list) {
    Dataset<Row> found =
        AskedOfTables.of(
            Flags.DATASET_COLUMNS,
            list,
            "the table has the columns " + String.join(", ", kept.columns()),
            () -> kept.select(columns.toArray(Column[]::new)));
    LogicalPlan plan = found.queryExecution().analyzed();
    boolean ofOneRow =
        plan instanceof Project project
            && project.child().fastEquals(kept.queryExecution().analyzed());
    if (!ofOneRow) {
      throw notOfOneRow(list);
    }
    requireRepeatable(Flags.DATASET_COLUMNS, list, found);
    for (String column : found.columns()) {
      ConfigException.require(
          Arrays.stream(found.columns()).filter(column::equalsIgnoreCase).count() == 1,
          Flags.DATASET_COLUMNS,
          list,
          "it has two columns %s; rename one with AS".formatted(column));
    }
    return found;
  }

  private static ConfigException notOfOneRow(String list) {
    return new ConfigException(
        Flags.DATASET_COLUMNS,
        list,
        "each row of the table gives one row: no FROM, DISTINCT, aggregates, windows or explode; make a view of such a query and name that");
  }

  /** Refuses expressions whose result may change: the dataset could not be reproduced. */
  private static void requireRepeatable(Flag<?> flag, String value, Dataset<Row> rows) {
    LogicalPlan plan = rows.queryExecution().analyzed();
    ConfigException.require(
        plan.deterministic() && plan.subqueries().isEmpty(),
        flag,
        value,
        "it gives other rows each time, or asks other tables; use functions of the row's columns alone, such as hash(id) % 10 = 0 in place of rand()");
  }
}
