package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlagsTest {
  private static final Set<String> COMMANDS = commands();

  private static Set<String> commands() {
    Set<String> commands = new HashSet<>(List.of("check", "check --task grpo", "update"));
    FlagCatalog.shared().all().forEach(flag -> commands.addAll(flag.commands()));
    return commands;
  }

  private static Settings parse(String command, String... arguments) {
    return CommandLine.parse(command, List.of(arguments)).settings();
  }

  /** Whatever does something has a constant of its name, and nothing else has. */
  @Test
  void aConstantStandsForEachFlagThatDoesSomething() {
    List<String> effective =
        FlagCatalog.shared().all().stream()
            .filter(flag -> COMMANDS.stream().anyMatch(command -> isEffective(flag, command)))
            .map(Flag::name)
            .toList();
    List<String> constants =
        Arrays.stream(Flags.class.getFields())
            .filter(field -> Modifier.isStatic(field.getModifiers()))
            .map(Field::getName)
            .map(name -> name.toLowerCase(Locale.ROOT))
            .toList();
    assertThat(constants).containsExactlyElementsOf(effective);
  }

  private static boolean isEffective(Flag<?> flag, String command) {
    return flag.isTakenBy(command) && flag.isEffective(command);
  }

  @Test
  void constantsHaveTheNameOfTheirFlag() throws IllegalAccessException {
    for (Field field : Flags.class.getFields()) {
      assertThat(field.get(null)).hasToString(field.getName().toLowerCase(Locale.ROOT));
    }
  }

  @Test
  void defaultsAreValuesThatTheFlagAllows() {
    for (Flag<?> flag : FlagCatalog.shared().all()) {
      for (String command : COMMANDS) {
        if (isEffective(flag, command)) {
          flag.defaultValue(command)
              .ifPresent(text -> flag.requireAllowed(command, List.of(flag.parse(text))));
        }
      }
    }
  }

  @Test
  void whatAFlagNeedsIsAFlagThatMayHaveThatValue() {
    for (Flag<?> flag : FlagCatalog.shared().all()) {
      flag.need()
          .ifPresent(
              need ->
                  need.flags()
                      .forEach(name -> requireNeeded(flag, Flags.named(name), need.values())));
    }
  }

  private static void requireNeeded(Flag<?> flag, Flag<?> other, List<String> values) {
    assertThat(other.commands()).containsAnyElementsOf(flag.commands());
    values.forEach(value -> assertThat(other.parse(value)).isEqualTo(value));
    String command = flag.commands().contains("sft") ? "sft" : "grpo";
    assertThat(values)
        .as(flag.name())
        .allMatch(
            value ->
                other.values().of(command).contain(value)
                    || other.values().of("grpo").contain(value));
  }

  /** Rows of the split to evaluate on are packed in the same way. */
  @Test
  void oneOfTheFlagsThatAFlagNeedsIsEnough() {
    List<String> alone = List.of("--packing_strategy", "wrapped");
    assertThat(CommandLine.parse("sft", alone).notes())
        .containsExactly(
            "--packing_strategy changes nothing here: it needs --packing or --eval_packing");
    assertThat(CommandLine.parse("prep", alone).notes())
        .containsExactly("--packing_strategy changes nothing here: it needs --packing");
    String evaluated = "--packing_strategy wrapped --eval_packing --eval_strategy steps";
    assertThat(CommandLine.parse("sft", List.of(evaluated.split(" "))).notes()).isEmpty();
  }

  @Test
  void aFlagWhoseNeedIsMetLacksOnlyAValue() {
    assertThat(parse("sft").whyIdle("eval_packing"))
        .contains("it needs --eval_strategy steps or epoch");
    assertThat(parse("sft", "--eval_strategy", "steps").whyIdle("eval_packing"))
        .contains("it has no value");
    assertThat(
            parse("sft", "--eval_strategy", "steps", "--eval_packing", "true")
                .whyIdle("eval_packing"))
        .isEmpty();
  }

  @Test
  void valuesAreReadAsTheTypeOfTheFlag() {
    Settings settings = parse("eval", "--pass_k", "1,8", "--reward_weights", "1", "0.5");
    assertThat(settings.get(Flags.PASS_K)).containsExactly(1, 8);
    assertThat(settings.get(Flags.REWARD_WEIGHTS)).containsExactly(1.0, 0.5);
    assertThat(settings.get(Flags.TEMPERATURE)).isZero();
    assertThat(settings.find(Flags.ADAPTER)).isEmpty();
    assertThat(parse("sft", "--max_length", "None").get(Flags.MAX_LENGTH)).isZero();
    assertThat(parse("sft", "--max_length", "None").toYaml()).contains("max_length: none");
    assertThat(parse("sft", "--max_grad_norm", "None").get(Flags.MAX_GRAD_NORM)).isInfinite();
    Settings unbounded = parse("grpo", "--vllm_importance_sampling_clip_max", "None");
    assertThat(unbounded.get(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX)).isInfinite();
    assertThat(unbounded.toYaml()).contains("vllm_importance_sampling_clip_max: none");
    assertThatThrownBy(() -> settings.get(Flags.OUTPUT_DIR))
        .hasMessage("Cannot use output_dir = unset: eval needs it: --output_dir …");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sft  | lora_r               | 0        | it must be at least 1; 16 is the default
          sft  | max_length           | 0        | it must be at least 1 and at most 16777216; 1024 is the default
          sft  | max_length           | some     | a whole number is expected, or none for no limit
          sft  | adam_epsilon         | 0.0      | it must be above 0; 1e-08 is the default
          grpo | num_generations      | 1        | it must be at least 2 and at most 65536; 8 is the default
          grpo | num_generations_eval | 65537    | it must be at least 1 and at most 65536
          grpo | loss_type            | nll      | use dapo, grpo, bnpo, dr_grpo, cispo, sapo, luspo or vespo; dapo is the default
          sft  | loss_type            | dapo     | use nll, chunked_nll or dft; nll is the default
          prep | packing_strategy     | ffd      | use bfd, bfd_split or wrapped; bfd is the default
          eval | pass_k               | 0        | it must be at least 1; 1 is the default
          eval | reward_weights       | NaN      | a number is expected
          grpo | vllm_importance_sampling_clip_max | 0.0  | it must be above 0; 3.0 is the default
          grpo | vllm_importance_sampling_clip_max | some | a number is expected, or none for no limit
          grpo | top_entropy_quantile | 0.0      | it must be above 0 and at most 1; 1.0 is the default
          """)
  void aValueThatAFlagDoesNotAllowIsRefused(
      String command, String flag, String value, String remedy) {
    assertThatThrownBy(() -> parse(command, "--" + flag, value))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot use %s = %s: %s".formatted(flag, value, remedy));
  }

  @Test
  void theCatalogueAsJsonHasAllThatADeclarationHolds() {
    JsonNode rank = null;
    for (JsonNode flag : FlagsJson.catalogue()) {
      rank = flag.get("name").asText().equals(Flags.LORA_R.name()) ? flag : rank;
    }
    assertThat(rank)
        .hasToString(
            """
            {"name":"lora_r","section":"LoRA","type":"int","trl":true,"needs":{"use_peft":["true"]},\
            "commands":{"sft":%1$s,"grpo":%1$s}}"""
                .formatted(
                    """
                    {"status":"supported","required":false,"default":"16","interval":"[1,)",\
                    "identity":"fixed","help":"rank of the adapter"}"""));
    assertThat(FlagsJson.catalogue()).hasSameSizeAs(FlagCatalog.shared().all());
  }
}
