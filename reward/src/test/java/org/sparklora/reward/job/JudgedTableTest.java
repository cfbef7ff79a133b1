package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Date;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.TimeZone;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;

class JudgedTableTest {

  /** Jackson writes times as milliseconds, and refuses local ones. */
  @Test
  void timesAreTextsInOneZoneOnEveryMachine() {
    StructType schema =
        new StructType()
            .add("day", DataTypes.DateType)
            .add("at", DataTypes.TimestampType)
            .add("instant", DataTypes.TimestampType)
            .add("local", DataTypes.TimestampNTZType);
    Instant instant = Instant.parse("2024-02-29T12:30:00.5Z");
    TimeZone zone = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
    try {
      Row row =
          RowFactory.create(
              Date.valueOf("2024-02-29"),
              Timestamp.from(instant),
              instant,
              LocalDateTime.of(2024, 2, 29, 12, 30));

      assertThat(JudgedTable.cells(schema, row))
          .isEqualTo(
              Map.of(
                  "day", "2024-02-29",
                  "at", "2024-02-29 12:30:00.5",
                  "instant", "2024-02-29 12:30:00.5",
                  "local", "2024-02-29 12:30:00"));
    } finally {
      TimeZone.setDefault(zone);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rewards/think_format_reward",
        "verdict",
        "judge_seconds",
        "reward",
        "advantage",
        "group_zero_std",
        "Reward"
      })
  void aColumnThatWouldBeAddedIsRefused(String column) {
    StructType generations =
        new StructType()
            .add(CompletionRow.COMPLETION, DataTypes.StringType)
            .add(CompletionRow.PROMPT_ID, DataTypes.LongType)
            .add("rewarded", DataTypes.BooleanType);
    Scoring scoring =
        Scoring.of(
            RewardsTest.functions("think_format_reward"),
            new GroupAdvantage(Scaling.GROUP, Aggregation.SUM_THEN_NORMALIZE));
    new JudgedTable(generations, scoring);
    StructType wider = generations.add(column, DataTypes.DoubleType);
    assertThatThrownBy(() -> new JudgedTable(wider, scoring))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("has a column " + column + " already")
        .hasMessageContaining("rename the column");
  }
}
