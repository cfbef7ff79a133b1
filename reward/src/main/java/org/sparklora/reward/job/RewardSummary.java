package org.sparklora.reward.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
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

/**
 * The result of a reward stage, under TRL's metric names.
 *
 * @param reward mean of the rewards; NaN when none was judged
 * @param rewardStd unbiased deviation of the rewards
 * @param fracRewardZeroStd share of completions whose group agreed and has nothing to learn from
 * @param rows completions judged, the unreadable ones included
 * @param groupsOfAnotherSize groups without exactly {@code num_generations} rows
 * @param unreadable the first rows without a completion
 * @param slowest the completions that took longest to judge
 */
public record RewardSummary(
    @JsonProperty("reward") double reward,
    @JsonProperty("reward_std") double rewardStd,
    @JsonProperty("frac_reward_zero_std") double fracRewardZeroStd,
    @JsonProperty("rewards") Map<String, Double> rewards,
    @JsonProperty("rows") long rows,
    @JsonProperty("groups") long groups,
    @JsonProperty("groups_of_another_size") long groupsOfAnotherSize,
    @JsonProperty("verdicts") Map<String, Long> verdicts,
    @JsonProperty("reasons") Map<String, Long> reasons,
    @JsonProperty("unreadable_rows") List<String> unreadable,
    @JsonProperty("slowest_rows") List<String> slowest,
    @JsonProperty("seconds") double seconds) {

  private static final int LOCATED_ROWS = 20;
  private static final int SLOWEST_ROWS = 5;

  /**
   * The totals of a scored table.
   *
   * @param scored judged rows with advantages, persisted because they are read several times
   * @param groupSize completions a prompt, if all prompts should have equally many
   */
  static RewardSummary of(
      Dataset<Row> scored, List<Reward> rewards, OptionalInt groupSize, double seconds) {
    List<Column> columns = new ArrayList<>();
    columns.add(functions.avg(JudgedTable.REWARD));
    columns.add(functions.stddev_samp(JudgedTable.REWARD));
    rewards.forEach(
        reward -> columns.add(functions.avg("`" + JudgedTable.rewardColumn(reward) + "`")));
    Row totals = scored.agg(functions.count("*"), columns.toArray(new Column[0])).first();
    Map<String, Double> means = new LinkedHashMap<>();
    for (Reward reward : rewards) {
      means.put(reward.name(), JudgedTable.number(totals, 3 + means.size()));
    }
    Row groups = groups(scored, groupSize);
    return new RewardSummary(
        JudgedTable.number(totals, 1),
        JudgedTable.number(totals, 2),
        JudgedTable.number(groups, 2),
        means,
        totals.getLong(0),
        groups.getLong(0),
        groups.getLong(1),
        counts(scored, JudgedTable.VERDICT, functions.desc("count")),
        counts(scored, JudgedTable.REASON, functions.desc("count")),
        rows(
            scored
                .where(functions.col(JudgedTable.VERDICT).equalTo(Verdict.UNREADABLE.text()))
                .orderBy(CompletionRow.ROW_NUMBER),
            LOCATED_ROWS),
        rows(scored.orderBy(functions.col(JudgedTable.SECONDS).desc()), SLOWEST_ROWS),
        seconds);
  }

  /**
   * Number of groups, number of groups of another size, and share of rows in flat groups; as in
   * TRL, without groups of several rows of which fewer than two were judged.
   */
  private static Row groups(Dataset<Row> scored, OptionalInt groupSize) {
    String odd =
        groupSize.isPresent() ? "count_if(rows <> %s)".formatted(groupSize.getAsInt()) : "0L";
    return scored
        .groupBy(CompletionRow.PROMPT_ID)
        .agg(
            functions.count("*").as("rows"),
            functions.count(JudgedTable.REWARD).as("judged"),
            functions.first(JudgedTable.ZERO_STD).as("flat"))
        .selectExpr(
            "count(*)", odd, "sum(if(flat and (judged > 1 or rows = 1), rows, 0)) / sum(rows)")
        .first();
  }

  /** The number of rows with each text of a column, in an order that may use {@code count}. */
  static Map<String, Long> counts(Dataset<Row> rows, String column, Column order) {
    Map<String, Long> counts = new LinkedHashMap<>();
    rows.groupBy(column)
        .count()
        .orderBy(order, functions.col(column))
        .collectAsList()
        .forEach(row -> counts.put(row.getString(0), row.getLong(1)));
    return counts;
  }

  private static List<String> rows(Dataset<Row> some, int limit) {
    return some
        .select(
            CompletionRow.ROW_NUMBER,
            CompletionRow.PROMPT_ID,
            JudgedTable.SECONDS,
            JudgedTable.REASON)
        .limit(limit)
        .collectAsList()
        .stream()
        .map(
            row ->
                String.format(
                    Locale.ROOT,
                    "row %d, prompt_id %s: %.3f s, %s",
                    row.getLong(0),
                    CompletionRow.group(row.get(1)),
                    row.getDouble(2),
                    row.getString(3)))
        .toList();
  }

  /** The summary as JSON, one field a line. */
  public String toJson() {
    return new ObjectMapper().valueToTree(this).toPrettyString();
  }
}
