package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.train.TestModels;

/** A sweep of a tiny model, as a user meets it. */
class SweepCommandTest {
  private static final int MISUSED = 2;
  private static final String SWEEP =
      """
      finding: learning-rate
      claim: one sentence
      command: sft
      base:
        model_name_or_path: %s
        dataset_name: %s
        lora_target_modules: all-linear
        max_steps: 4
        per_device_train_batch_size: 2
        lr_scheduler_type: constant
        logging_steps: 1
        eval_strategy: steps
        eval_steps: 2
        save_steps: 1
      axes:
        learning_rate: [1e-3, 1e-2]
      zip:
        - use_peft: [true, false]
          lora_r: [4, null]
          label: [r 4, full]
      metric: {name: eval_loss, goal: min}
      """;

  @TempDir private static Path shared;
  private static Path model;
  private static Path data;

  /** The sweep of {@link #SWEEP}, all weights kept, which several tests compare with. */
  private static Whole whole;

  @TempDir private Path folder;
  @RegisterExtension final Captured out = Captured.out();
  @RegisterExtension final Captured err = Captured.err();
  private Path file;

  /**
   * A sweep that has ended.
   *
   * @param out what it printed
   * @param err what it printed on standard error
   */
  private record Whole(Path folder, String out, String err) {}

  @BeforeAll
  static void copyModelAndData() throws IOException {
    model = TestModels.copy("llama-tiny", shared);
    data = Files.createDirectories(shared.resolve("data"));
    Path rows = Path.of("src/test/resources/sft/ragged_2epochs/dataset.jsonl");
    Files.copy(rows, data.resolve("train.jsonl"));
    Files.copy(rows, data.resolve("test.jsonl"));
  }

  @BeforeEach
  void prepare() throws IOException {
    file = Files.writeString(folder.resolve("sweep.yaml"), SWEEP.formatted(model, data));
  }

  /** Sweeps when it is first asked for. */
  private Whole whole() throws IOException {
    if (whole == null) {
      Path output = shared.resolve("whole");
      Path given = Files.writeString(shared.resolve("sweep.yaml"), SWEEP.formatted(model, data));
      assertThat(sweep(given, output, "--keep_weights")).as(err.text()).isZero();
      whole = new Whole(output, out.text(), err.text());
      out.clear();
      err.clear();
    }
    return whole;
  }

  private static List<String> arguments(Path file, Path output, String... more) {
    List<String> all = new ArrayList<>(List.of("--config", file.toString()));
    all.addAll(List.of("--output_dir", output.toString()));
    all.addAll(List.of(more));
    return all;
  }

  private static int sweep(Path file, Path output, String... more) {
    return CommandRun.ofLocal("sweep", arguments(file, output, more));
  }

  private int sweep(String name, String... more) {
    return sweep(file, folder.resolve(name), more);
  }

  private String results(String name) throws IOException {
    return results(folder.resolve(name));
  }

  private static String results(Path sweep) throws IOException {
    return Files.readString(sweep.resolve("results.json"));
  }

  private List<Path> trials(String name) throws IOException {
    return trials(folder.resolve(name));
  }

  private static List<Path> trials(Path sweep) throws IOException {
    try (Stream<Path> trials = Files.list(sweep.resolve("trials"))) {
      return trials.sorted().toList();
    }
  }

  @Test
  void aSweepLeavesTablesVerdictsAndPictures() throws IOException {
    Path output = whole().folder();

    assertThat(whole().out())
        .contains("not decided: best rate at the edge of the grid")
        .contains("trials: 4 done, 0 stopped, 0 diverged");
    assertThat(whole().err()).contains("sweep: 4 of 4 trials done, 0 running, 0 left; in ");
    JsonNode results = new ObjectMapper().readTree(results(output));
    assertThat(results.path("optima")).hasSize(2);
    assertThat(results.path("settings").get(0).path("mean").asDouble()).isPositive();
    List<String> csv = Files.readAllLines(output.resolve("trials.csv"));
    assertThat(csv.get(0)).startsWith("trial,learning_rate,use_peft,lora_r,state,reason,step,");
    assertThat(csv).hasSize(1 + 4 * 4); // four steps of four trials
    assertThat(csv.get(1)).contains(",0.001,true,4,done,");
    assertThat(csv).anyMatch(line -> line.contains(",0.001,false,,done,"));
    assertThat(schema(output.resolve("trials.parquet")))
        .contains("optional double learning_rate;")
        .contains("optional boolean use_peft;")
        .contains("optional int32 lora_r;");
    assertThat(output.resolve("learning-rate.png")).isNotEmptyFile();
    assertThat(Files.readString(output.resolve("report.html")))
        .contains("one sentence")
        .contains("data:image/png");
  }

  private static String schema(Path table) throws IOException {
    Path part =
        LoggedRun.names(table).stream()
            .filter(name -> name.startsWith("part-"))
            .map(table::resolve)
            .findFirst()
            .orElseThrow();
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(part.toUri()), new Configuration()))) {
      return reader.getFileMetaData().getSchema().toString();
    }
  }

  @Test
  void aTrialAloneGivesItsNumbersToTheLastBit() throws IOException {
    for (Path trial : trials(whole().folder())) {
      assertSameAlone("sft", trial);
    }
  }

  /** Runs the command with a trial's flags; returns where. */
  private Path runAlone(String command, Path trial) throws IOException {
    Path alone = folder.resolve("alone-" + trial.getFileName());
    List<String> yaml =
        Files.readAllLines(trial.resolve(command + "_config.yaml")).stream()
            .filter(line -> !line.matches("(packed_dir|prompts_dir|resume_from\\w+|run_name):.*"))
            .toList();
    Path config = Files.write(folder.resolve("alone.yaml"), yaml);
    String line = "%s --config %s --output_dir %s --master local[2]";
    assertThat(CommandRun.line(line, command, config, alone)).as(err.text()).isZero();
    return alone;
  }

  private void assertSameAlone(String command, Path trial) throws IOException {
    Path alone = runAlone(command, trial);
    SftRun single = new SftRun(alone, List.of());
    SftRun swept = new SftRun(trial, List.of());
    assertThat(swept.weights()).isEqualTo(single.weights());
    assertThat(swept.history()).isNotEmpty().isEqualTo(single.history());
    assertThat(swept.metrics()).isEqualTo(single.metrics());
  }

  private static final String REWARDS =
      """
      finding: rl-rank
      command: grpo
      base:
        model_name_or_path: %s
        dataset_name: %s
        lora_target_modules: all-linear
        reward_funcs: org.sparklora.spark.grpo.GrpoRun$Variety
        max_completion_length: 8
        num_generations: 4
        per_device_train_batch_size: 4
        gradient_accumulation_steps: 2
        max_steps: 2
        logging_steps: 1
      zip:
        - use_peft: [true, false]
          lora_r: [1, null]
          learning_rate: [1e-2, 1e-3]
          label: [rank 1, full]
      metric: {name: reward, goal: max, last: 2}
      """;

  @Test
  void trialsOnRewardsAreThoseOfGrpoAlone() throws IOException {
    Path problems = folder.resolve("problems.jsonl");
    Files.writeString(problems, "{\"prompt\": \"1 and 2 is\", \"solution\": \"3\"}\n".repeat(4));
    Files.writeString(file, REWARDS.formatted(model, problems));

    assertThat(sweep("out", "--keep_weights")).as(err.text()).isZero();

    assertThat(out.text()).contains("reward, rank 1 minus full at best rates ");
    assertThat(folder.resolve("out/rl-rank.png")).isNotEmptyFile();
    for (Path trial : trials("out")) {
      assertSameAlone("grpo", trial);
    }
  }

  private static final String EVALUATIONS =
      """
      finding: none
      command: eval
      base:
        model_name_or_path: %s
        dtype: bfloat16
        dataset_name: %s
        reward_funcs: org.sparklora.spark.cli.EvalCommandTest$EvenLength
        num_generations: 4
        max_completion_length: 8
        pass_k: [1, 2]
      axes:
        temperature: [0.5, 1.5]
        seed: [1, 2]
      metric: {name: pass@2, goal: max}
      """;

  @Test
  void trialsMayBeEvaluations() throws IOException {
    Path problems = folder.resolve("problems.jsonl");
    Files.writeString(problems, "{\"question\": \"1+2?\", \"answer\": \"#### 3\"}\n".repeat(6));
    Files.writeString(file, EVALUATIONS.formatted(model, problems));

    assertThat(sweep("out")).as(err.text()).isZero();

    assertThat(out.text()).contains("trials: 4 done, 0 stopped, 0 diverged");
    JsonNode settings = new ObjectMapper().readTree(results("out")).path("settings");
    assertThat(settings).hasSize(2); // each with two seeds
    assertThat(settings.get(0).path("mean").asDouble()).isBetween(0.0, 1.0);
    for (Path trial : trials("out")) {
      Path summary = runAlone("eval", trial).resolve("_eval_summary.json");
      JsonNode single = new ObjectMapper().readTree(summary.toFile()).path("pass@2");
      JsonNode swept = new ObjectMapper().readTree(trial.resolve("trial.json").toFile());
      assertThat(swept.path("log").get(0).path("pass@2").asDouble())
          .isEqualTo(single.path("value").asDouble());
      assertThat(trial.resolve("part-00000.parquet")).exists();
    }
    err.clear();
    assertThat(sweep("out")).as(err.text()).isZero();
    assertThat(err.text()).contains("4 trials, 4 of them done before");
    out.clear();
    assertThat(sweep("out", "--dry_run")).as(err.text()).isZero();
    assertThat(out.text()).contains("4 evaluations; what they take depends on");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "finding: none | finding: layers | nothing is trained by eval; say finding: none",
        "pass@2 | pass@3 | did you mean pass@",
        "temperature: [ | learning_rate: [ | eval does not take this flag",
        "metric: | halving: {steps: [1], keep: 0.5}#metric: | an evaluation has no steps",
        "  num_generations: 4 | output_table: a.b#  num_generations: 4 | a sweep decides on it",
      })
  void mistakesInEvaluationsAreRefused(String good, String bad, String said) throws IOException {
    String text = EVALUATIONS.formatted(model, data);
    assertThat(text).contains(good);
    Files.writeString(file, text.replace(good, bad.replace("#", "\n")));

    assertThat(sweep("out")).isEqualTo(MISUSED);

    assertThat(err.text()).contains(said);
  }

  /** Trials that are left run side by side, which changes no number. */
  @Test
  void killedAndStartedAgainItFindsTheSameAndKeepsNoWeightsUnlessTold() throws Exception {
    String name = trials(whole().folder()).get(0).getFileName().toString();
    ChildJvm child =
        ChildJvm.start(folder.resolve("log"), "sweep", arguments(file, folder.resolve("killed")));
    child.await(folder.resolve("killed/trials").resolve(name).resolve("checkpoint-1"));
    child.kill();
    assertThat(folder.resolve("killed/results.json")).doesNotExist();

    assertThat(sweep("killed", "--max_parallel_trials", "2")).as(err.text()).isZero();

    assertThat(results("killed")).isEqualTo(results(whole().folder()));
    for (Path trial : trials("killed")) {
      assertThat(trial.resolve("trial.json")).exists();
      assertThat(trial.resolve("trainer_state.json")).exists();
      assertThat(trial.resolve("checkpoint-4")).doesNotExist();
      assertThat(LoggedRun.names(trial)).noneMatch(file -> file.endsWith(".safetensors"));
    }
    err.clear();
    assertThat(sweep("killed")).as(err.text()).isZero();
    assertThat(err.text()).contains("4 trials, 4 of them done before");
    assertThat(results("killed")).isEqualTo(results(whole().folder()));
  }

  @Test
  void toldToStopItSaysHowFarItCame() throws Exception {
    Files.writeString(file, Files.readString(file).replace("max_steps: 4", "max_steps: 100000"));
    List<String> arguments = arguments(file, folder.resolve("out"), "--max_parallel_trials", "2");
    ChildJvm child = ChildJvm.start(folder.resolve("log"), "sweep", arguments);
    child.await(folder.resolve("out/trials"));
    child.await(
        "two trials on their way",
        () ->
            trials("out").stream().filter(t -> Files.exists(t.resolve("checkpoint-2"))).count()
                >= 2);

    assertThat(child.signal("TERM")).isEqualTo(143);

    assertThat(child.log())
        .contains("Interrupted after 0 of 4 trials; the same command goes on with the rest")
        .doesNotContain("A trial failed");
  }

  /**
   * Trials that differ in the rate alone share a model, which the first to end leaves to others.
   */
  @Test
  void trialsSideBySideShareAModel() throws IOException {
    Files.writeString(
        file,
        Files.readString(file)
            .replaceAll("(?s)zip:.*metric", "metric")
            .replace("[1e-3, 1e-2]", "[1e-4, 2e-4, 4e-4, 1e-3, 2e-3, 4e-3]")
            .replace("  save_steps: 1", "  save_strategy: \"no\"\n  use_peft: true"));

    assertThat(sweep("two", "--max_parallel_trials", "2")).as(err.text()).isZero();

    assertThat(out.text()).contains("trials: 6 done, 0 stopped, 0 diverged");
  }

  @Test
  void halvingGoesOnWithTheBetterPart() throws IOException {
    Files.writeString(file, Files.readString(file) + "halving: {steps: [2], keep: 0.5}\n");

    assertThat(sweep("out")).as(err.text()).isZero();

    assertThat(out.text()).contains("trials: 2 done, 2 stopped, 0 diverged");
    // those that went on have the numbers of those that were never stopped
    JsonNode halved = new ObjectMapper().readTree(results("out"));
    JsonNode straight = new ObjectMapper().readTree(results(whole().folder()));
    int same = 0;
    for (int i = 0; i < 4; i++) {
      JsonNode a = halved.path("settings").get(i).path("trials").get(0);
      JsonNode b = straight.path("settings").get(i).path("trials").get(0);
      same += a.path("state").asText().equals("done") && a.equals(b) ? 1 : 0;
    }
    assertThat(same).isEqualTo(2);
  }

  @Test
  void aDivergedTrialHasItsLogAndItsReasonAndCheckAdvisesFromTheOthers() throws IOException {
    Files.writeString(
        file,
        Files.readString(file)
            .replace("[1e-3, 1e-2]", "[1e-5, 1e-3, 1e30]")
            .replace("save_steps: 1", "save_strategy: \"no\"\n  averaging_frequency: 1"));

    assertThat(sweep("out")).as(err.text()).isZero();

    assertThat(out.text()).contains("trials: 4 done, 0 stopped, 2 diverged");
    assertThat(Files.readString(folder.resolve("out/trials.csv")))
        .containsPattern(",diverged,\"Stopped because the .*\",1,.*\\d");
    assertThat(trials("out"))
        .allSatisfy(trial -> assertThat(trial.resolve("metrics.jsonl")).isNotEmptyFile());

    out.clear();
    String check = "check --model_name_or_path %s --sweep %s/out ";
    String adapter = check + "--use_peft --lora_r 8 --learning_rate 1e-3";
    assertThat(CommandRun.line(adapter, model, folder)).as(err.text()).isZero();
    assertThat(out.text())
        .contains("1.000e-3; this sweep's best for rank 4: 1.000e-3 [")
        .contains("as measured on this model [sweep]");
    Path other = TestModels.copy("qwen3-tiny", folder);
    assertThat(CommandRun.line(check, other, folder)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("it is of another model than the run's");
  }

  @Test
  void dryRunTellsWhatItWillTakeAndMakesNothing() {
    assertThat(sweep("out", "--dry_run", "--flops_per_second", "1e6")).as(err.text()).isZero();

    assertThat(out.text())
        .contains("learning_rate 0.001, use_peft true, lora_r 4: 4 steps, at most ")
        .contains("all 4 trials: 16 steps, at most ")
        .containsPattern("FLOPs, \\d");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "eval_loss, | eval_los, | did you mean eval_loss?",
        "eval_loss, | eval_reward, | trials are not compared by it",
        "eval_strategy: steps | eval_strategy: \"no\" | nothing is evaluated; set eval_strategy",
        "learning_rate: [1e-3, 1e-2] | lora_rnk: [1, 2] | did you mean lora_r?",
        "dataset_name: | dataset_name: /nowhere | dataset_name",
      })
  void mistakesAreRefusedBeforeAnythingTrains(String good, String bad, String said)
      throws IOException {
    Files.writeString(file, Files.readString(file).replace(good, bad));

    assertThat(sweep("out")).isEqualTo(MISUSED);

    assertThat(err.text()).contains(said);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aFolderBelongsToOneSweep() throws IOException {
    SftRun.copy(whole().folder(), folder.resolve("out"));
    String before = results("out");
    Files.writeString(file, Files.readString(file).replace("max_steps: 4", "max_steps: 6"));

    assertThat(sweep("out")).isEqualTo(MISUSED);

    assertThat(err.text()).contains("it holds another sweep");
    assertThat(results("out")).isEqualTo(before);
    Path other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("thesis.txt"), "mine");
    assertThat(sweep("other")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("it holds something else than a sweep");
  }
}
