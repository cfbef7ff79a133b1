package org.sparklora.reward.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.Reward;

/** What a scored table says as a whole: the queries behind a {@link RewardSummary}. */
final class ScoredTable {
  private static final int LOCATED_ROWS = 20;
  private static final int SLOWEST_ROWS = 5;

  private final Dataset<Row> scored;
  private final List<Reward> rewards;
  private final OptionalInt groupSize;

  /**
   * @param scored judged rows with advantages, kept somewhere: it is read several times
   * @param groupSize completions a prompt, if they should all have as many
   */
  ScoredTable(Dataset<Row> scored, List<Reward> rewards, OptionalInt groupSize) {
    this.scored = scored;
    this.rewards = rewards;
    this.groupSize = groupSize;
  }

  RewardSummary summary(double seconds) {
    List<Column> columns = new ArrayList<>();
    columns.add(functions.avg(AdvantageTable.REWARD));
    columns.add(functions.stddev_samp(AdvantageTable.REWARD));
    for (Reward reward : rewards) {
      columns.add(functions.avg("`" + GenerationTable.rewardColumn(reward) + "`"));
    }
    Row totals = scored.agg(functions.count("*"), columns.toArray(new Column[0])).first();
    Map<String, Double> means = new LinkedHashMap<>();
    for (int i = 0; i < rewards.size(); i++) {
      means.put(rewards.get(i).name(), number(totals, 3 + i));
    }
    Row groups = groups();
    return new RewardSummary(
        number(totals, 1),
        number(totals, 2),
        number(groups, 2),
        means,
        totals.getLong(0),
        groups.getLong(0),
        groups.isNullAt(1) ? 0 : groups.getLong(1),
        counts(GenerationTable.VERDICT),
        counts(GenerationTable.REASON),
        rows(
            scored
                .where(functions.col(GenerationTable.VERDICT).equalTo(Verdict.UNREADABLE.text()))
                .orderBy(GenerationTable.ROW_NUMBER),
            LOCATED_ROWS),
        rows(scored.orderBy(functions.col(GenerationTable.SECONDS).desc()), SLOWEST_ROWS),
        seconds);
  }

  /**
   * Their number, how many of them are not of the size they should have, and the share of rows in
   * flat ones; as in TRL, without those of which fewer than two were judged.
   */
  private Row groups() {
    Column odd =
        groupSize.isPresent()
            ? functions.col("rows").notEqual(groupSize.getAsInt()).cast("long")
            : functions.lit(0L);
    return scored
        .groupBy(GenerationTable.PROMPT_ID)
        .agg(
            functions.count("*").as("rows"),
            functions.count(AdvantageTable.REWARD).as("judged"),
            functions.first(AdvantageTable.ZERO_STD).as("flat"))
        .agg(
            functions.count("*"),
            functions.sum(odd),
            functions.expr("sum(if(flat and (judged > 1 or rows = 1), rows, 0)) / sum(rows)"))
        .first();
  }

  private Map<String, Long> counts(String column) {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (Row row :
        scored
            .groupBy(column)
            .count()
            .orderBy(functions.desc("count"), functions.col(column))
            .collectAsList()) {
      counts.put(row.getString(0), row.getLong(1));
    }
    return counts;
  }

  private static List<String> rows(Dataset<Row> some, int limit) {
    return some
        .select(
            GenerationTable.ROW_NUMBER,
            GenerationTable.PROMPT_ID,
            GenerationTable.SECONDS,
            GenerationTable.REASON)
        .limit(limit)
        .collectAsList()
        .stream()
        .map(
            row ->
                String.format(
                    Locale.ROOT,
                    "row %d, prompt_id %s: %.3f s, %s",
                    row.getLong(0),
                    row.get(1),
                    row.getDouble(2),
                    row.getString(3)))
        .toList();
  }

  static double number(Row row, int column) {
    return row.isNullAt(column) ? Double.NaN : row.getDouble(column);
  }
}
