package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PresetsTest {
  private static Settings parse(String command, String... arguments) {
    List<String> all =
        Stream.concat(
                Stream.of("--model_name_or_path", "m", "--dataset_name", "d", "--output_dir", "o"),
                Stream.of(arguments))
            .toList();
    return CommandLine.parse(command, all).settings();
  }

  @Test
  void theBlogsSettingsAreAdaptedHeadAndConstantRate() {
    Settings settings = parse("sft", "--preset", "blog", "--use_peft");

    assertThat(settings.get(Flags.LORA_ALPHA)).isEqualTo(32);
    assertThat(settings.get(Flags.LORA_TARGET_MODULES)).containsExactly("all-linear", "lm_head");
    assertThat(settings.get(Flags.LR_SCHEDULER_TYPE)).isEqualTo("constant");
    assertThat(settings.get(Flags.LORA_R)).isEqualTo(16); // TRL's default: the blog sweeps it
  }

  @Test
  void theBlogsRewardsAreCentredAndNotScaled() {
    Settings settings = parse("grpo", "--preset", "blog", "--use_peft");

    assertThat(settings.get(Flags.SCALE_REWARDS)).isEqualTo("none");
    assertThat(settings.get(Flags.IMPORTANCE_SAMPLING_LEVEL)).isEqualTo("token");
    assertThat(settings.get(Flags.BETA)).isZero();
    assertThat(settings.get(Flags.EPSILON)).isEqualTo(1e9);
  }

  @Test
  void theGuidesRanksDependOnTheCommand() {
    assertThat(parse("sft", "--preset", "guide", "--use_peft").get(Flags.LORA_R)).isEqualTo(256);
    assertThat(parse("grpo", "--preset", "guide", "--use_peft").get(Flags.LORA_R)).isEqualTo(1);
    Settings check =
        CommandLine.parse("check", List.of("--task", "grpo", "--preset", "guide", "--use_peft"))
            .settings();
    assertThat(check.get(Flags.LORA_R)).isEqualTo(1);
  }

  @Test
  void whatIsGivenWins() {
    Settings settings = parse("sft", "--lora_alpha", "8", "--preset", "blog", "--use_peft");

    assertThat(settings.get(Flags.LORA_ALPHA)).isEqualTo(8);
  }

  @Test
  void anUnknownPresetIsRefused() {
    assertThatThrownBy(() -> parse("sft", "--preset", "paper"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("blog");
  }
}
