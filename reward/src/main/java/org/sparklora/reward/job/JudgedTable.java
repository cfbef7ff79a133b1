package org.sparklora.reward.job;

import java.io.Serializable;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.reward.Judge;
import org.sparklora.reward.Reward;

/**
 * The table of generations as rewards see it, with the columns that {@link Scoring} adds.
 *
 * <pre>
 * column             type                        meaning
 * completion         string or list of messages  the generated text; of messages, the first one's content
 * solution           string                      the reference answer; not all rewards need it
 * prompt_id          any                         the group
 * completion_ids     list, optional              its size is the number of tokens
 * completion_length  int, optional               the number of tokens
 * columns            map, optional               the dataset's columns, see {@link CompletionRow}
 * → rewards/NAME     double                      each reward; null where it could not judge
 * → verdict, reason, gold_parsed, answer_parsed  of the first reward that gives verdicts
 * → judge_seconds    double                      time spent judging
 * → reward           double                      weighted sum; null where no reward could judge
 * → advantage        double                      0 without a reward
 * → group_zero_std   boolean                     the group has nothing to learn from: its rewards agree
 * </pre>
 *
 * @param schema of {@link NumberedTable#rows}
 */
record JudgedTable(StructType schema, Scoring scoring) implements Serializable {
  static final String VERDICT = "verdict";
  static final String REASON = "reason";
  static final String SECONDS = "judge_seconds";
  static final String REWARD = "reward";
  static final String ADVANTAGE = "advantage";
  static final String ZERO_STD = "group_zero_std";

  /** Throws {@link TableException} without a column completion, or if an added column exists. */
  JudgedTable {
    List<String> columns = Arrays.asList(schema.fieldNames());
    if (!columns.contains(CompletionRow.COMPLETION)) {
      throw new TableException(
          "Cannot judge a table with columns " + columns + ": it needs a column completion");
    }
    List<String> added = List.of(scored(judged(new StructType(), scoring)).fieldNames());
    for (String column : columns) {
      if (added.stream().anyMatch(column::equalsIgnoreCase)) { // Spark's columns ignore case
        throw new TableException(
            "Cannot judge a table that has a column %s already: judge the generations themselves, not a judged table, or rename the column"
                .formatted(column));
      }
    }
  }

  /** The table's columns and the columns of judging. */
  private static StructType judged(StructType schema, Scoring scoring) {
    StructType wider = schema;
    for (Reward reward : scoring.judge().rewards()) {
      wider = wider.add(rewardColumn(reward), DataTypes.DoubleType);
    }
    for (String text : List.of(VERDICT, REASON, "gold_parsed", "answer_parsed")) {
      wider = wider.add(text, DataTypes.StringType);
    }
    return wider.add(SECONDS, DataTypes.DoubleType);
  }

  /** The columns of a judged table and those of its groups. */
  private static StructType scored(StructType judged) {
    return judged
        .add(REWARD, DataTypes.DoubleType)
        .add(ADVANTAGE, DataTypes.DoubleType)
        .add(ZERO_STD, DataTypes.BooleanType);
  }

  static String rewardColumn(Reward reward) {
    return "rewards/" + reward.name();
  }

  /**
   * Judges the rows and collects the rows of each group from all partitions; lazy. Column advantage
   * holds the values that {@link #scaled} may divide, or null.
   */
  Dataset<Row> groups(NumberedTable generations) {
    MapFunction<Row, Row> judge = this::judge;
    FlatMapGroupsFunction<String, Row, Row> group = (id, members) -> group(members);
    StructType judged = judged(schema, scoring);
    Dataset<Row> rows = generations.rows().repartition(generations.partitions());
    return NumberedTable.ofPrompts(rows.map(judge, Encoders.row(judged)), group, scored(judged));
  }

  /** Appends the judgements to a row. A row without a completion stays unjudged, with a reason. */
  private Row judge(Row row) {
    Judge.Result result = scoring.judge().judge(CompletionRow.of(cells(schema, row)));
    List<Object> cells = new ArrayList<>();
    Arrays.stream(result.rewards()).forEach(reward -> cells.add(orNull(reward)));
    ScoredGeneration.Judged told = result.told();
    cells.add(told.verdict().text());
    cells.addAll(List.of(told.reason(), told.goldParsed(), told.answerParsed(), told.seconds()));
    return wider(row, cells.toArray());
  }

  private Iterator<Row> group(Iterator<Row> rows) {
    List<Row> members = new ArrayList<>();
    rows.forEachRemaining(members::add);
    double[][] rewards = members.stream().map(this::rewards).toArray(double[][]::new);
    double[] sums = GroupAdvantage.weightedSums(rewards, scoring.weights());
    double[] values = scoring.advantages().ofGroup(rewards, scoring.weights());
    boolean flat = GroupAdvantage.isFlat(values);
    return IntStream.range(0, members.size())
        .mapToObj(i -> wider(members.get(i), orNull(sums[i]), orNull(values[i]), flat))
        .iterator();
  }

  private double[] rewards(Row row) {
    return IntStream.range(0, scoring.weights().length)
        .mapToDouble(f -> number(row, schema.size() + f))
        .toArray();
  }

  /** The rows of {@link #groups} with their advantages, which may depend on all groups. */
  static Dataset<Row> scaled(Dataset<Row> groups, Scoring scoring) {
    if (!scoring.advantages().needsBatch()) {
      return groups;
    }
    boolean summed = scoring.advantages().aggregation() == Aggregation.NORMALIZE_THEN_SUM;
    double[] values = // in the table's order, so that the sum does not depend on a shuffle
        groups
            .orderBy(CompletionRow.ROW_NUMBER)
            .select(summed ? ADVANTAGE : REWARD)
            .collectAsList()
            .stream()
            .mapToDouble(row -> number(row, 0))
            .toArray();
    Moments batch = Moments.ofAll(values);
    UDF1<Double, Double> scaled =
        value -> GroupAdvantage.scaled(value == null ? Double.NaN : value, batch);
    return groups.withColumn(
        ADVANTAGE, functions.udf(scaled, DataTypes.DoubleType).apply(functions.col(ADVANTAGE)));
  }

  static double number(Row row, int column) {
    return row.isNullAt(column) ? Double.NaN : row.getDouble(column);
  }

  private static Object orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  /** The row with further cells appended. */
  static Row wider(Row row, Object... cells) {
    return RowFactory.create(
        Stream.concat(IntStream.range(0, row.size()).mapToObj(row::get), Arrays.stream(cells))
            .toArray());
  }

  /** The cells of a row by column, in Java's types. */
  static Map<String, Object> cells(StructType schema, Row row) {
    Map<String, Object> cells = new LinkedHashMap<>();
    for (int i = 0; i < schema.size(); i++) {
      cells.put(schema.apply(i).name(), cell(row.get(i)));
    }
    return cells;
  }

  /** Converts Spark's lists, maps and structs to Java's, and times to text, which JSON has. */
  private static Object cell(Object cell) {
    if (cell instanceof scala.collection.Seq<?> list) {
      return scala.collection.JavaConverters.seqAsJavaList(list).stream()
          .map(JudgedTable::cell)
          .toList();
    }
    if (cell instanceof scala.collection.Map<?, ?> map) {
      Map<String, Object> cells = new LinkedHashMap<>();
      scala.collection.JavaConverters.mapAsJavaMap(map)
          .forEach((name, value) -> cells.put(String.valueOf(name), cell(value)));
      return cells;
    }
    return cell instanceof Row struct && struct.schema() != null
        ? cells(struct.schema(), struct)
        : timeless(cell);
  }

  /** A time as readers of datasets give it, in UTC, whatever the zone of this machine. */
  private static Object timeless(Object cell) {
    Object moment = cell instanceof Timestamp at ? at.toInstant() : cell;
    Object time =
        moment instanceof Instant at ? LocalDateTime.ofInstant(at, ZoneOffset.UTC) : moment;
    if (time instanceof LocalDateTime local) {
      return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(local).replace('T', ' ');
    }
    return time instanceof Date || time instanceof Temporal ? time.toString() : time;
  }
}
