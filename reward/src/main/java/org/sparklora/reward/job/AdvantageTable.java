package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.Reward;

/**
 * Adds to a judged table what depends on groups: the weighted reward, the advantage, and whether
 * the group agreed.
 *
 * <pre>
 * → reward            double   weighted sum; null where no reward could judge
 * → advantage         double   0 without a reward
 * → group_zero_std    boolean  nothing can be learnt from the group: its rewards agree
 * </pre>
 */
final class AdvantageTable implements Serializable {
  private static final long serialVersionUID = 1L;
  static final String REWARD = "reward";
  static final String ADVANTAGE = "advantage";
  static final String ZERO_STD = "group_zero_std";

  private final StructType judged;
  private final int rowNumber;
  private final int[] rewardColumns;
  private final double[] weights;
  private final Scaling scaling;
  private final Aggregation aggregation;

  AdvantageTable(StructType judged, List<Reward> rewards, RewardConfig config) {
    List<String> names = Arrays.asList(judged.fieldNames());
    this.judged = judged;
    this.rowNumber = names.indexOf(GenerationTable.ROW_NUMBER);
    this.rewardColumns =
        rewards.stream().mapToInt(r -> names.indexOf(GenerationTable.rewardColumn(r))).toArray();
    this.weights = config.functions().weightArray();
    this.scaling = config.advantages().scaling();
    this.aggregation = config.advantages().aggregation();
  }

  StructType schema() {
    return judged
        .add(REWARD, DataTypes.DoubleType)
        .add(ADVANTAGE, DataTypes.DoubleType)
        .add(ZERO_STD, DataTypes.BooleanType);
  }

  /** Whether advantages depend on all groups, so that {@link #finish} is needed. */
  boolean needsBatch() {
    return GroupAdvantage.needsBatch(scaling, aggregation);
  }

  /**
   * The rows of one group, in the table's order, so that sums do not depend on a shuffle. When
   * {@link #needsBatch}, the advantage column holds what {@link #finish} scales: the centred
   * reward, or the normalised sum (null where nothing was judged).
   */
  Iterator<Row> group(Iterator<Row> rows) {
    List<Row> group = new ArrayList<>();
    rows.forEachRemaining(group::add);
    group.sort(Comparator.comparingLong(row -> row.getLong(rowNumber)));
    double[][] rewards = group.stream().map(this::rewards).toArray(double[][]::new);
    double[] sums = GroupAdvantage.weightedSums(rewards, weights);
    double[] advantages = GroupAdvantage.ofGroup(rewards, weights, scaling, aggregation);
    boolean flat = GroupAdvantage.isFlat(advantages);
    return IntStream.range(0, sums.length)
        .mapToObj(
            i -> GenerationTable.wider(group.get(i), orNull(sums[i]), orNull(advantages[i]), flat))
        .iterator();
  }

  /** The moments that {@link #finish} needs, of a table of groups. */
  Moments batch(Dataset<Row> groups) {
    boolean summed = aggregation == Aggregation.NORMALIZE_THEN_SUM;
    double[] values = // in the table's order, so that the sum does not depend on a shuffle
        groups
            .orderBy(GenerationTable.ROW_NUMBER)
            .select(summed ? ADVANTAGE : REWARD)
            .collectAsList()
            .stream()
            .mapToDouble(row -> ScoredTable.number(row, 0))
            .toArray();
    return Moments.ofAll(values);
  }

  /** The row with its advantage scaled by the batch. */
  Row finish(Row row, Moments batch) {
    int at = judged.size() + 1;
    Object[] cells = IntStream.range(0, row.size()).mapToObj(row::get).toArray();
    cells[at] = GroupAdvantage.scaled(ScoredTable.number(row, at), batch);
    return RowFactory.create(cells);
  }

  private static Object orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private double[] rewards(Row row) {
    return Arrays.stream(rewardColumns).mapToDouble(at -> ScoredTable.number(row, at)).toArray();
  }
}
