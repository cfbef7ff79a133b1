package org.sparklora.reward;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.reward.GroupAdvantage.Scaling;

/**
 * Adds to a judged table what depends on groups: the weighted reward, the advantage, and whether
 * the group agreed.
 *
 * <pre>
 * → reward            double   weighted sum; null where no reward could judge
 * → advantage         double   0 where there is no reward
 * → group_zero_std    boolean  the rewards of the group are all the same
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
    return aggregation == Aggregation.NORMALIZE_THEN_SUM || scaling == Scaling.BATCH;
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
    double[][] values = group.stream().map(this::rewards).toArray(double[][]::new);
    double[] sums =
        Arrays.stream(values).mapToDouble(v -> GroupAdvantage.weightedSum(v, weights)).toArray();
    double[] advantages =
        aggregation == Aggregation.NORMALIZE_THEN_SUM
            ? GroupAdvantage.normalizedSums(values, weights)
            : GroupAdvantage.of(
                sums, scaling == Scaling.BATCH ? Scaling.NONE : scaling, Moments.of(0));
    boolean flat = GroupAdvantage.agree(sums);
    List<Row> result = new ArrayList<>();
    for (int i = 0; i < sums.length; i++) {
      result.add(wider(group.get(i), orNull(sums[i]), orNull(advantages[i]), flat));
    }
    return result.iterator();
  }

  /** The row with its advantage scaled by the batch. */
  Row finish(Row row, Moments batch) {
    int at = judged.size() + 1;
    double value = row.isNullAt(at) ? Double.NaN : row.getDouble(at);
    double advantage =
        aggregation == Aggregation.NORMALIZE_THEN_SUM
            ? GroupAdvantage.ofNormalizedSum(value, batch)
            : GroupAdvantage.ofCentred(value, batch);
    Object[] cells = new Object[row.size()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = row.get(i);
    }
    cells[at] = advantage;
    return RowFactory.create(cells);
  }

  private static Object orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private double[] rewards(Row row) {
    return Arrays.stream(rewardColumns)
        .mapToDouble(column -> row.isNullAt(column) ? Double.NaN : row.getDouble(column))
        .toArray();
  }

  private Row wider(Row row, Object reward, Object advantage, boolean flat) {
    Object[] cells = new Object[row.size() + 3];
    for (int i = 0; i < row.size(); i++) {
      cells[i] = row.get(i);
    }
    cells[row.size()] = reward;
    cells[row.size() + 1] = advantage;
    cells[row.size() + 2] = flat;
    return RowFactory.create(cells);
  }
}
