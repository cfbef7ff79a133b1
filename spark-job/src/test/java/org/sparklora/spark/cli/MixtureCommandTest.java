package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;

/** {@code --datasets} as a user meets it. */
class MixtureCommandTest extends TinyModelCommands {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MISUSED = 2;

  @BeforeEach
  void prepare() throws IOException {
    lines("sums", "{\"question\": \"%d + 1?\", \"answer\": \"#### %d\", \"tags\": [null]}");
    lines("texts", "{\"text\": \"text %d\", \"kind\": %d}");
    lines("tales", "{\"story\": \"tale %d %d\"}");
    mixture(
        """
        datasets:
          - path: FOLDER/sums.jsonl
            weight: 1.5
          - path: FOLDER/texts.jsonl
            columns: [text]
            filter: kind < 15
            seed: 7
          - path: FOLDER/tales.jsonl
            text_column: story
            max_rows: 3
        test_split_size: 0.2
        """);
  }

  private void lines(String name, String row) throws IOException {
    Files.write(
        folder.resolve(name + ".jsonl"),
        IntStream.range(0, 20).mapToObj(i -> row.formatted(i, i + 1)).toList());
  }

  private void mixture(String text) throws IOException {
    Files.writeString(folder.resolve("mixture.yaml"), text.replace("FOLDER", folder.toString()));
  }

  private int run(String command, String output, String... more) {
    return CommandRun.of(
        CommandRun.words(
            "%s --master local[2] --model_name_or_path %s --datasets %s --output_dir %s",
            command, model, folder.resolve("mixture.yaml"), folder.resolve(output)),
        more);
  }

  private JsonNode manifest(String table, String name) throws IOException {
    return JSON.readTree(folder.resolve(table).resolve(name).toFile());
  }

  /** TRL's files of settings have the mixture beside other keys. */
  @Test
  void theFileOfSettingsMayHaveTheMixture() throws IOException {
    Path settings = folder.resolve("mixture.yaml");
    Files.writeString(settings, Files.readString(settings) + "packing: true\nmax_length: 32\n");
    String prep = "prep --config %s --model_name_or_path %s --output_dir %s --master local[2]";
    int code = CommandRun.line(prep, settings, model, folder.resolve("table"));

    assertThat(code).as(err.text()).isZero();
    JsonNode inputs = manifest("table", "_prep_manifest.json").get("inputs");
    assertThat(inputs.at("/settings/max_length").asInt()).isEqualTo(32);
    assertThat(inputs.at("/settings/datasets").fieldNames())
        .toIterable()
        .containsExactly("datasets", "test_split_size");
    assertThat(inputs.get("sources")).hasSize(3);
  }

  @Test
  void sftTrainsOnTheMixtureAndEvaluatesOnTheRowsThatItHoldsOut() throws IOException {
    String flags = "--use_peft --max_steps 2 --eval_strategy steps --eval_steps 1 --disable_tqdm";
    int code = run("sft", "out", flags.split(" "));

    assertThat(code).as(err.text()).isZero();
    JsonNode train = manifest("out.packed", "_prep_manifest.json");
    JsonNode test = manifest("out.packed-test", "_prep_manifest.json");
    JsonNode counts = train.at("/counts/sources");
    assertThat(counts).hasSize(3);
    assertThat(counts.at("/" + folder.toString().replace("/", "~1") + "~1texts.jsonl").toString())
        .contains("\"left_out_by_filter\":6");
    long trained = train.at("/counts/documents").asLong();
    long held = test.at("/counts/documents").asLong();
    assertThat(trained + held).isBetween(14L + 3 + 20 + 1, 14L + 3 + 40 - 1);
    assertThat(held).isPositive();
    assertThat(train.at("/inputs/settings/datasets/datasets/0/weight").asText()).isEqualTo("1.5");
    assertThat(train.at("/inputs/sources")).hasSize(3);
    assertThat(train.at("/inputs/sources/0/dataset_fingerprint").asText()).hasSize(64);
    assertThat(Files.readString(folder.resolve("out/trainer_state.json")))
        .contains("\"eval_loss\"")
        .contains("\"eval_loss" + folder + "/sums.jsonl\"");
    // what prep makes of the same mixture, and a run of the run's own settings
    assertThat(run("prep", "packed", "--pack_within_source", "--packing")).isZero();
    assertThat(manifest("packed", "_prep_manifest.json").at("/counts/documents").asLong())
        .isEqualTo(trained);
    String again = "sft --master local[2] --config %s/out/sft_config.yaml --output_dir %s";
    assertThat(CommandRun.line(again, folder, folder.resolve("again"))).as(err.text()).isZero();
  }

  @Test
  void theLogHasTheLossByDatasetWithTheSameBitsForAnyNumberOfWorkers() throws IOException {
    String flags =
        "--use_peft --num_train_epochs 1 --per_device_train_batch_size 4 --gradient_accumulation_steps 3 --logging_steps 1 --disable_tqdm --sync gradients --num_workers ";
    assertThat(run("sft", "one", (flags + 1).split(" "))).as(err.text()).isZero();
    assertThat(run("sft", "two", (flags + 2).split(" "))).as(err.text()).isZero();

    List<Map<String, Double>> losses = losses("one");
    assertThat(losses).isNotEmpty().isEqualTo(losses("two"));
    for (Map<String, Double> row : losses) {
      double loss = row.remove("loss");
      assertThat(row).hasSizeBetween(1, 3);
      assertThat(loss)
          .isBetween(Collections.min(row.values()) - 1e-6, Collections.max(row.values()) + 1e-6);
    }
    assertThat(losses.stream().flatMap(row -> row.keySet().stream()).distinct())
        .containsExactlyInAnyOrder(
            "loss" + folder + "/sums.jsonl",
            "loss" + folder + "/texts.jsonl",
            "loss" + folder + "/tales.jsonl");
  }

  /** The losses of each log row of a run, without evaluations and the summary. */
  private List<Map<String, Double>> losses(String output) throws IOException {
    List<Map<String, Double>> losses = new ArrayList<>();
    for (JsonNode row : manifest(output, "trainer_state.json").get("log_history")) {
      Map<String, Double> found = new TreeMap<>();
      row.fieldNames()
          .forEachRemaining(
              name -> {
                if (name.startsWith("loss")) {
                  found.put(name, row.get(name).asDouble());
                }
              });
      if (!found.isEmpty()) {
        losses.add(found);
      }
    }
    return losses;
  }

  @Test
  void promptsOfGrpoKnowTheirDataset() throws IOException {
    mixture(
        """
        datasets:
          - path: FOLDER/sums.jsonl
            max_rows: 2
          - path: FOLDER/tales.jsonl
            prompt_column: story
            weight: 0.5
        """);
    assertThat(run("prep", "prompts", "--task", "grpo")).as(err.text()).isZero();
    var prompts = PromptTable.read(new Configuration(), folder.resolve("prompts").toString());
    assertThat(prompts).hasSizeBetween(5, 20);
    for (int i = 0; i < prompts.size(); i++) {
      assertThat(prompts.get(i).columns().get("source"))
          .endsWith(i < 2 ? "/sums.jsonl" : "/tales.jsonl");
    }
  }

  /** Rewards the completions of one dataset alone. */
  public static final class OfSums implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "of_sums";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      boolean sums = completion.columns().get("source").contains("/sums.jsonl#"); // two are
      return Judgement.scored(sums ? 1 : 0, "by its dataset");
    }
  }

  @Test
  void grpoRewardsByDatasetAndEvaluatesOnHeldOutPrompts() throws IOException {
    mixture(
        """
        datasets:
          - path: FOLDER/sums.jsonl
          - path: FOLDER/sums.jsonl
            filter: question not like '1%'
          - path: FOLDER/tales.jsonl
            prompt_column: story
        test_split_size: 0.3
        """);
    List<String> flags =
        CommandRun.words(
            """
            --use_peft --max_steps 2 --max_completion_length 4 --num_generations 4
            --per_device_train_batch_size 4 --generation_batch_size 8 --eval_strategy steps
            --eval_steps 2 --disable_tqdm --reward_funcs %s
            """,
            OfSums.class.getName());
    assertThat(run("grpo", "out", flags.toArray(String[]::new))).as(err.text()).isZero();
    JsonNode test = manifest("out.prompts-test", "_prompts_manifest.json");
    assertThat(test.at("/counts/sources")).hasSize(3);
    long held = test.at("/counts/prompts").asLong();
    long trained = manifest("out.prompts", "_prompts_manifest.json").at("/counts/prompts").asLong();
    assertThat(held).isPositive();
    assertThat(trained + held).isEqualTo(20 + 9 + 20); // of 0 to 19, eleven begin with 1
    assertThat(Files.readString(folder.resolve("out/trainer_state.json")))
        .contains("rewards/of_sums/mean")
        .contains("eval_reward");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "wieght: 0.5 | datasets[1].wieght = 0.5 | did you mean weight?",
        "weight: -1 | datasets[1].weight = -1 | above 0 and at most 1000",
        "weight: .nan | datasets[1].weight = .nan | above 0 and at most 1000",
        "weight: half | datasets[1].weight = half | a number is expected",
        "max_rows: 1.5 | datasets[1].max_rows = 1.5 | a number of rows is expected",
        "seed: true | datasets[1].seed = true | a number is expected",
        "name: [a] | datasets[1].name = [a] | one value is expected",
        "format: delt | datasets[1].format = delt | delta",
        "fraction: 0.5 | datasets[1].fraction = 0.5 | say as weight",
        "data_files: x | datasets[1].data_files = x | name the files as path",
        "split: nonesuch | dataset_train_split = nonesuch | has the splits train",
      })
  void whatIsWrongInTheFileIsNamedWithItsPlaceBeforeSparkStarts(
      String entry, String named, String remedy) throws IOException {
    Files.createDirectories(folder.resolve("set"));
    Files.copy(folder.resolve("texts.jsonl"), folder.resolve("set/train.jsonl"));
    mixture("datasets:\n- path: FOLDER/sums.jsonl\n- path: FOLDER/set\n  %s\n".formatted(entry));
    for (String command : List.of("prep", "sft")) {
      assertThat(run(command, "out")).isEqualTo(MISUSED);
      assertThat(err.text())
          .contains(named)
          .contains("mixture.yaml")
          .contains(remedy)
          .doesNotContain("Exception");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "datasets: [] | datasets = [] | a list is expected",
        "datasets: [x] | datasets[0] = x | keys and values are expected, and a path",
        "dataset: [] | dataset = [] | did you mean datasets?",
        "test_split_size: 2 | test_split_size = 2 | a share of the rows",
        "streaming: true | streaming = true | executors read datasets themselves",
        "just text | datasets = | a YAML file of keys and values is expected",
      })
  void anotherFileIsNoMixture(String text, String named, String remedy) throws IOException {
    mixture(text);
    assertThat(run("prep", "out")).isEqualTo(MISUSED);
    assertThat(err.text()).contains(named).contains("mixture.yaml").contains(remedy);
  }

  @Test
  void theExampleIsAMixture() {
    CommandLine.Parsed line =
        CommandLine.parse(
            "prep",
            List.of(
                "--datasets=../conf/data/mixture.yaml",
                "--output_dir=out",
                "--model_name_or_path=" + model));
    Mixture mixture = PrepSettings.table(line.settings()).source().mixture();
    assertThat(mixture.parts().stream().map(part -> part.source().dataset()))
        .containsExactly("open-thoughts/OpenThoughts-114k", "openai/gsm8k");
    assertThat(mixture.parts().get(1).take().weight()).isEqualTo(2);
    assertThat(mixture.held().share()).isEqualTo(0.01);
  }

  @Test
  void aRunOnAMixtureIsChecked() throws IOException {
    mixture("datasets:\n  - path: FOLDER/sums.jsonl\n");
    for (String task : List.of("sft", "grpo")) {
      String check = "check --task %s --model_name_or_path %s --datasets %s/mixture.yaml";
      assertThat(CommandRun.line(check, task, model, folder)).as(err.text()).isZero();
    }
  }

  @Test
  void oneDatasetOrAMixtureButNotBothAndNotNone() throws IOException {
    assertThat(run("sft", "out", "--dataset_name", "x")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("dataset_name = x").contains("--datasets is given");
    assertThat(run("sft", "out", "--dataset_test_split", "dev")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("dataset_test_split = dev");
    String sft = "sft --model_name_or_path %s --output_dir o --master local[2]";
    assertThat(CommandRun.line(sft, model)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("sft needs it: --dataset_name …");
    mixture("datasets: [{path: FOLDER/sums.jsonl}]");
    assertThat(run("sft", "out", "--use_peft", "--eval_strategy", "steps", "--eval_steps", "1"))
        .isEqualTo(MISUSED);
    assertThat(err.text()).contains("write test_split_size: 0.01 into it");
    Path config = folder.resolve("config.yaml");
    Files.writeString(
        config, "datasets:\n- path: x\n  wieght: 2\nlearning_rate: 1\ntest_split_size: 0.1\n");
    assertThat(CommandRun.line(sft + " --config %s", model, config)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("datasets[0].wieght = 2").contains("did you mean weight?");
    mixture("datasets:\n- path: x\nlearning_rate: 1\n");
    assertThat(run("sft", "o")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("learning_rate = 1").contains("it is not read");
  }
}
