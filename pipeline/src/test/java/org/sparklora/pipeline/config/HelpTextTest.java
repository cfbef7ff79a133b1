package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTextTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("bin/spark-lora (\\S+) ((?:[^\\\\\n]|\\\\\n)*)");

  static Stream<String> commands() {
    Set<String> commands = new TreeSet<>(List.of("check", "check --task grpo", "update"));
    FlagCatalog.shared().all().forEach(flag -> commands.addAll(flag.commands()));
    return commands.stream();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void noLineIsWiderThanTheTerminal(String command) {
    for (int width : List.of(100, 80, 60)) {
      assertThat(HelpText.of(command, "what it does", width).lines())
          .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(width));
    }
    assertThat(HelpText.of(command, "what it does", 300))
        .isEqualTo(HelpText.of(command, "what it does", HelpText.WIDTH));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void examplesCanBeTypedAndHaveWhatIsRequired(String command) {
    String help = HelpText.of(command, "", HelpText.WIDTH);
    Matcher example = EXAMPLE.matcher(help.substring(help.indexOf("Example")));

    int examples = 0;
    while (example.find()) {
      examples++;
      String typed = example.group(2).replace("\\\n", " ").replace(" conf/", " ../conf/").strip();
      List<String> arguments = Arrays.asList(typed.split("\\s+"));
      assertThatCode(() -> CommandLine.parse(example.group(1), arguments))
          .doesNotThrowAnyException();
      if (!arguments.contains("--config")) {
        assertThat(arguments).containsAll(required(example.group(1)));
      }
    }
    assertThat(examples).isPositive();
  }

  private static List<String> required(String command) {
    return FlagCatalog.shared().of(command).stream()
        .filter(flag -> flag.isRequired(command))
        .map(flag -> "--" + flag.name())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "sft, --model_name_or_path --dataset_name --output_dir",
    "grpo, --model_name_or_path --dataset_name --output_dir",
    "prep, --model_name_or_path --dataset_name --output_dir",
    "update, --model_name_or_path --dataset_name --output_dir --input",
    "check, --model_name_or_path",
    "merge, --model_name_or_path --output_dir --adapter",
    "score, --model_name_or_path --input --output",
    "reward, --output_dir --input",
    "push, --input",
    "report, --runs",
    "verify-run, --run --baseline",
    "quickstart-base, --output_dir",
  })
  void requiredFlagsStandFirst(String command, String flags) {
    String help = HelpText.of(command, "", HelpText.WIDTH);
    String section = help.substring(help.indexOf("Required\n"));
    section = section.substring(0, section.indexOf("\n\n"));

    assertThat(Pattern.compile("^  (--\\w+)", Pattern.MULTILINE).matcher(section).results())
        .extracting(match -> match.group(1))
        .containsExactly(flags.split(" "));
    for (String flag : flags.split(" ")) {
      assertThat(help.lines().filter(line -> line.startsWith("  " + flag + " "))).hasSize(1);
    }
    assertThat(required(command)).containsExactlyInAnyOrder(flags.split(" "));
  }

  @Test
  void aRequiredFlagHasNoDefault() {
    assertThat(CommandLine.parse("sft", List.of()).settings().find(Flags.OUTPUT_DIR)).isEmpty();
    assertThat(CommandLine.parse("sft", List.of()).settings().toYaml())
        .doesNotContain("\noutput_dir:", "required");
  }

  /** Unset, its trials log to the trackers of its base. */
  @Test
  void aSweepHasNoTrackersOfItsOwn() {
    assertThat(HelpText.of("sweep", "", HelpText.WIDTH))
        .contains("--report_to ")
        .doesNotContain("--report_to [");
  }

  @Test
  void commandsWithFewFlagsHaveNoGroups() {
    assertThat(HelpText.of("score", "", HelpText.WIDTH))
        .contains("Options\n")
        .doesNotContain("Spark\n", "General");
    assertThat(HelpText.of("sft", "", HelpText.WIDTH))
        .contains("LoRA\n", "Spark\n")
        .doesNotContain("Options\n");
  }
}
