package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.table.TableException;

class JudgedTableTest {

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
            RewardConfig.Functions.of("think_format_reward"), RewardConfig.Advantages.defaults());
    new JudgedTable(generations, scoring);
    StructType wider = generations.add(column, DataTypes.DoubleType);
    assertThatThrownBy(() -> new JudgedTable(wider, scoring))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("has a column " + column + " already")
        .hasMessageContaining("rename the column");
  }
}
