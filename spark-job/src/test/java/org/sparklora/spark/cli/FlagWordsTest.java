package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.table.TableFormat;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.SelectConfig;
import org.sparklora.reward.math.MathReward;
import org.sparklora.spark.run.PushConfig;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.Cadence;
import org.sparklora.train.WeightDtype;

/** The words that a flag may be are the constants of the enumeration it is read as. */
class FlagWordsTest {
  static Stream<Arguments> enumerations() {
    return Stream.of(
        Arguments.of("sft", Flags.DTYPE, WeightDtype.class),
        Arguments.of("sft", Flags.LR_SCHEDULER_TYPE, ScheduleConfig.Type.class),
        Arguments.of("sft", Flags.SAVE_STRATEGY, Cadence.Unit.class),
        Arguments.of("sft", Flags.HUB_STRATEGY, PushConfig.Strategy.class),
        Arguments.of("sft", Flags.TOKENIZER_DIALECT, TokenizerDialect.class),
        Arguments.of("sft", Flags.DATASET_FORMAT, TableFormat.class),
        Arguments.of("sft", Flags.DATASET_ORDER, TableQuery.Order.class),
        Arguments.of("sft", Flags.ON_BAD_ROWS, PrepConfig.OnBadRows.class),
        Arguments.of("sft", Flags.TRUNCATION_MODE, PrepConfig.Truncation.class),
        Arguments.of("sft", Flags.PACKING_STRATEGY, PackingStrategy.class),
        Arguments.of("curate", Flags.KEEP, CurateConfig.Keep.class),
        Arguments.of("select", Flags.KEEP, SelectConfig.Keep.class),
        Arguments.of("select", Flags.TASK, SelectConfig.Task.class),
        Arguments.of("grpo", Flags.LOSS_TYPE, GrpoLossConfig.LossType.class),
        Arguments.of("grpo", Flags.IMPORTANCE_SAMPLING_LEVEL, GrpoLossConfig.Level.class),
        Arguments.of("grpo", Flags.MULTI_OBJECTIVE_AGGREGATION, GroupAdvantage.Aggregation.class),
        Arguments.of("grpo", Flags.REWARD_DIALECT, MathReward.Dialect.class),
        Arguments.of("reward", Flags.OUTPUT_FORMAT, RewardConfig.Format.class));
  }

  /** An evaluation cannot wait for the best evaluation. */
  @Test
  void evaluationsHaveTheUnitsOfCheckpointsButOne() {
    List<String> units = new ArrayList<>(Flags.SAVE_STRATEGY.words("sft"));
    units.remove("best");

    assertThat(Flags.EVAL_STRATEGY.words("sft")).containsExactlyElementsOf(units);
    assertThat(Flags.SAVE_STRATEGY.words("grpo")).containsExactlyElementsOf(units);
  }

  @ParameterizedTest
  @MethodSource("enumerations")
  <E extends Enum<E>> void areItsConstants(String command, Flag<String> flag, Class<E> type) {
    assertThat(flag.words(command))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList());
    for (String word : flag.words(command)) {
      assertThat(CommandLine.parse(command, List.of("--" + flag, word)).settings().get(flag, type))
          .isEqualTo(Enum.valueOf(type, word.toUpperCase(Locale.ROOT)));
    }
  }
}
