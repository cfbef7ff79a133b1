package org.sparklora.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.job.SqlFunctions;
import org.sparklora.spark.cli.TestSpark;

/** What a session with the extension has, and that its advantages are {@link GroupAdvantage}'s. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SqlExtensionsTest {
  private static final double[] FIRST = {0.1, 1, 0.25, Double.NaN, 1};
  private static final double[] SECOND = {0.3, 0.3, 0.3};

  @AutoClose private SparkSession spark;

  @BeforeAll
  void open() {
    spark =
        TestSpark.builder(1)
            .config("spark.sql.extensions", SqlExtensions.class.getName())
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate();
    spark
        .sql(
            "select * from values (1, 0, 0.1D), (1, 1, 1D), (1, 2, 0.25D), (1, 3, null), (1, 4, 1D),"
                + " (2, 5, 0.3D), (2, 6, 0.3D), (2, 7, 0.3D) as t(prompt, row, reward)")
        .createOrReplaceTempView("judged");
  }

  private static double[] expected() {
    double[] all = new double[FIRST.length + SECOND.length];
    System.arraycopy(GroupAdvantage.of(FIRST, Scaling.GROUP), 0, all, 0, FIRST.length);
    System.arraycopy(GroupAdvantage.of(SECOND, Scaling.GROUP), 0, all, FIRST.length, SECOND.length);
    return all;
  }

  private double[] column(String sql) {
    return spark.sql(sql).collectAsList().stream().mapToDouble(row -> row.getDouble(0)).toArray();
  }

  @Test
  void anAdvantageIsAFunctionOfAWindow() {
    assertThat(
            column(
                "select group_advantage(reward) over (partition by prompt) from judged order by row"))
        .isEqualTo(expected());
    assertThat(
            column(
                "select group_advantage(reward) over w a from judged window w as (partition by prompt) order by row"))
        .isEqualTo(expected());
    assertThat(
            column(
                "select 1 + group_advantage(reward) over (partition by prompt) - 1 from (select * from judged where prompt = 2)"))
        .containsExactly(0, 0, 0);
  }

  @Test
  void theOtherFormsGiveTheSame() {
    SqlFunctions.register(spark, "sound"); // does not take the window's form away
    assertThat(
            column(
                "select group_advantage(reward, collect_list(reward) over (partition by prompt)) from judged order by row"))
        .isEqualTo(expected());
    List<Row> groups =
        spark
            .sql(
                "select group_advantages(collect_list(coalesce(reward, double('NaN')))) from judged group by prompt order by prompt")
            .collectAsList();
    assertThat(groups.get(0).<Double>getList(0))
        .containsExactlyInAnyOrder(boxed(GroupAdvantage.of(FIRST, Scaling.GROUP)));
    assertThat(groups.get(1).<Double>getList(0)).containsExactly(0.0, 0.0, 0.0);
    assertThat(
            column(
                "select group_advantage(r) over (partition by p) from values (1, 1), (1, 0) t(p, r) order by r"))
        .as("whole numbers")
        .isEqualTo(GroupAdvantage.of(new double[] {0, 1}, Scaling.GROUP));
  }

  private static Double[] boxed(double[] values) {
    return java.util.Arrays.stream(values).boxed().toArray(Double[]::new);
  }

  @Test
  void whatSparkWouldCastToNothingIsRefused() {
    for (String call :
        List.of(
            "math_verify(array('2'), '2')",
            "group_advantage('a') over (partition by prompt)",
            "group_advantage(reward, array('a'))",
            "group_advantages(array('a'))")) {
      assertThatThrownBy(() -> spark.sql("select " + call + " from judged"))
          .as(call)
          .hasMessageContaining("of type")
          .hasMessageContaining("it takes");
    }
    assertThat(
            spark.sql("select math_verify('The answer is $2$', 2), math_verify(null, null)").head())
        .isEqualTo(RowFactory.create(1.0, null));
  }

  @Test
  void whatIsNoGroupIsRefused() {
    for (String call :
        List.of(
            "group_advantage(reward)",
            "group_advantage(reward) over (partition by prompt order by row)",
            "group_advantage(reward) over (partition by prompt rows between 1 preceding and current row)")) {
      assertThatThrownBy(() -> spark.sql("select " + call + " from judged"))
          .hasMessageContaining("write OVER (PARTITION BY …) behind it, without ORDER BY");
    }
    assertThatThrownBy(() -> spark.sql("select group_advantage() from judged"))
        .hasMessageContaining("group_advantage(reward, rewards of its group)");
  }
}
