package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands where the JVM's default locale has other digits, signs or letters. */
class LocaleTest extends TinyModelCommands {
  private static final Path DATA = Path.of("src/test/resources/sft/linear_w0/dataset.jsonl");
  private static final Pattern OTHER_DIGIT = Pattern.compile("[\\p{Nd}&&[^0-9]]");

  private final Locale before = Locale.getDefault();

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "tr-TR", "de-DE", "hi-IN-u-nu-deva"})
  void whatIsSaidAndWrittenIsTheSame(String locale) throws IOException {
    Locale.setDefault(Locale.ROOT);
    String expected = check();
    Locale.setDefault(Locale.forLanguageTag(locale));

    assertThat(check()).isEqualTo(expected);

    String command =
        "sft --model_name_or_path %s --dataset_name %s --output_dir %s --use_peft --max_steps 3 --per_device_train_batch_size 2 --logging_steps 1 --save_steps 2 --learning_rate 1e-3 --master local[2]";
    int code = Main.run(command.formatted(model, DATA, folder.resolve("out")).split(" "));
    assertThat(code).as(err.text()).isZero();
    assertThat(out.text() + err.text()).contains("3 steps").doesNotContainPattern(OTHER_DIGIT);
    try (Stream<Path> files = Files.walk(folder.resolve("out"))) {
      for (Path file : (Iterable<Path>) files.filter(LocaleTest::isText)::iterator) {
        assertThat(Files.readString(file)).doesNotContainPattern(OTHER_DIGIT);
      }
    }
    assertThat(folder.resolve("out/metrics.jsonl")).content().contains("\"learning_rate\":0.001");
  }

  private static boolean isText(Path file) {
    String name = file.getFileName().toString();
    return name.matches(".*\\.(json|jsonl|yaml|md)") && !name.equals("tokenizer.json");
  }

  /** Its report, and a mistake. */
  private String check() throws IOException {
    Path report = folder.resolve("check.json");
    Files.deleteIfExists(report);
    int from = out.text().length();
    int errors = err.text().length();
    Main.run("check", "--model_name_or_path", model + "", "--use_peft", "--output", report + "");
    Main.run("check", "--model_name_or_path", model + "", "--lora_r", "0");
    String text =
        out.text().substring(from) + err.text().substring(errors) + Files.readString(report);
    // what the machine has free changes
    return text.replaceAll("[0-9.]+ GiB of it free|\"available_bytes\" : [0-9]+", "");
  }
}
