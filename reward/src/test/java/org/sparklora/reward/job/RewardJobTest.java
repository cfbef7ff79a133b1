package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.reward.format.OverlongPunishment;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

class RewardJobTest {
  private static final List<String> ROWS =
      List.of(
          "{\"prompt_id\":\"a\",\"completion\":\"\\\\boxed{5}\",\"solution\":\"5\",\"extra\":1}",
          "{\"prompt_id\":\"b\",\"completion\":\"\\\\boxed{1}\",\"solution\":\"1\",\"extra\":2}",
          "{\"prompt_id\":\"a\",\"completion\":\"\\\\boxed{6}\",\"solution\":\"5\",\"extra\":3}",
          "{\"prompt_id\":\"b\",\"completion\":\"\\\\boxed{1.0}\",\"solution\":\"1\",\"extra\":4}",
          "{\"prompt_id\":\"c\",\"completion\":\"\\\\boxed{1}\",\"solution\":\"\",\"extra\":5}",
          "{\"prompt_id\":\"c\",\"completion\":null,\"solution\":\"1\",\"extra\":6}");

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 3)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** Judges consecutive groups of this size; 0: groups by {@code prompt_id}. */
  private static RewardSummary judge(Path input, Path output, Scaling scaling, int groupSize) {
    RewardConfig.Format format =
        groupSize == 0 ? RewardConfig.Format.PARQUET : RewardConfig.Format.JSONL;
    return RewardJob.run(
        spark,
        new RewardConfig(
            new RewardConfig.Tables(input.toString(), output.toString(), format, false, groupSize),
            RewardsTest.functions(Rewards.DEFAULT),
            new GroupAdvantage(scaling, Aggregation.SUM_THEN_NORMALIZE)));
  }

  private static RewardSummary judge(
      Path input, Path output, RewardConfig.Functions functions, Aggregation aggregation) {
    return RewardJob.run(
        spark,
        new RewardConfig(
            new RewardConfig.Tables(
                input.toString(), output.toString(), RewardConfig.Format.PARQUET, false, 0),
            functions,
            new GroupAdvantage(Scaling.GROUP, aggregation)));
  }

  @Test
  void groupsAreWholeWhereverTheirRowsLie(@TempDir Path folder) throws IOException {
    Files.write(folder.resolve("a.jsonl"), ROWS.subList(0, 1)); // Spark begins with the larger file
    Files.write(folder.resolve("b.jsonl"), ROWS.subList(1, 6));
    Path output = folder.resolve("out");
    RewardSummary summary = judge(folder.resolve("*.jsonl"), output, Scaling.GROUP, 0);

    List<Row> rows = spark.read().parquet(output.toString()).collectAsList();
    assertThat(rows.stream().map(row -> row.<Long>getAs("extra")))
        .as("the order of the generations")
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    // Group a: mean 1/2, deviation 0.70711; 0.5 / 0.70721 = 0.70701.
    assertThat(rows.get(0).<Double>getAs("advantage")).isCloseTo(0.70701, within(1e-5));
    assertThat(rows.get(2).<Double>getAs("advantage")).isCloseTo(-0.70701, within(1e-5));
    assertThat(rows.get(1).<Double>getAs("advantage")).isEqualTo(0);
    assertThat(rows.get(4).<Double>getAs("rewards/strip_reasoning_accuracy_reward")).isNull();
    assertThat(rows.get(4).<String>getAs("verdict")).isEqualTo("unverifiable");
    assertThat(rows.get(5).<String>getAs("verdict")).isEqualTo("unreadable");
    assertThat(rows.get(5).<Double>getAs("advantage")).isEqualTo(0);

    assertThat(summary.rows()).isEqualTo(6);
    assertThat(summary.groups()).isEqualTo(3);
    assertThat(summary.reward()).isEqualTo(0.75);
    assertThat(summary.verdicts())
        .isEqualTo(Map.of("correct", 3L, "wrong", 1L, "unverifiable", 1L, "unreadable", 1L));
    assertThat(summary.unreadable())
        .hasSize(1)
        .first()
        .asString()
        .isEqualTo(
            "row 5, prompt_id c: %.3f s, no completion in the row"
                .formatted(rows.get(5).<Double>getAs("judge_seconds")));
    Map<?, ?> written =
        new ObjectMapper().readValue(output.resolve(RewardJob.SUMMARY_FILE).toFile(), Map.class);
    assertThat(written.get("frac_reward_zero_std")).isEqualTo(2 / 6.0);
  }

  /** A reward of one's own that does not always come back. */
  public static final class Bottomless implements Reward {
    @Override
    public String name() {
      return "bottomless";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.scored(completion.text().contains("!!") ? fall(1) : 1, "fell");
    }

    private static int fall(int depth) {
      return fall(depth + 1) + depth;
    }
  }

  @Test
  void hostileCompletionsEndTheirOwnVerdictsOnly(@TempDir Path folder) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    List<String> hostile =
        List.of(
            "3" + "!".repeat(1_000),
            "2" + "^2".repeat(3_000),
            "(".repeat(5_000) + "1",
            "\\frac{1}{".repeat(3_000),
            "\\begin{pmatrix}".repeat(500),
            "|".repeat(7_000),
            "-".repeat(7_000) + "1",
            "9".repeat(1_000_000),
            "1" + "+1".repeat(100_000));
    for (String text : hostile) {
      String row = "{\"prompt_id\":0,\"completion\":%s,\"solution\":%s}";
      String boxed = json.writeValueAsString("\\boxed{" + text + "}");
      lines.add(row.formatted(boxed, "\"5\""));
      lines.add(row.formatted("\"\\\\boxed{5}\"", "\"5\""));
      lines.add(row.formatted("\"\\\\boxed{5}\"", json.writeValueAsString(text)));
    }
    Path input = Files.write(folder.resolve("generations.jsonl"), lines);
    for (Dialect dialect : Dialect.values()) {
      RewardConfig.Functions functions =
          new RewardConfig.Functions(
              List.of(Rewards.DEFAULT, "think_format_reward", Bottomless.class.getName()),
              List.of(1.0, 1.0, 1.0),
              dialect,
              MathReward.DEFAULT_BUDGET_MILLIS,
              OverlongPunishment.ofTrlScript(),
              Set.of());
      Path output = folder.resolve("out" + dialect);
      RewardSummary summary = judge(input, output, functions, Aggregation.SUM_THEN_NORMALIZE);
      assertThat(summary.rows()).isEqualTo(lines.size());
      assertThat(summary.verdicts().get("correct")).as("the good ones").isEqualTo(hostile.size());
      List<Row> rows = spark.read().parquet(output.toString()).collectAsList();
      assertThat(rows.get(0).<Double>getAs("rewards/bottomless")).isNull();
      assertThat(rows.get(1).<Double>getAs("rewards/bottomless")).isEqualTo(1);
    }
  }

  @Test
  void consecutiveRowsFormGroupsWithoutAPromptId(@TempDir Path folder) throws IOException {
    Path input =
        Files.write(
            folder.resolve("generations.jsonl"),
            List.of(
                "{\"completion\":[{\"role\":\"assistant\",\"content\":\"\\\\boxed{5}\"}],\"solution\":\"5\"}",
                "{\"completion\":[{\"role\":\"assistant\",\"content\":\"\\\\boxed{4}\"}],\"solution\":\"5\"}"));
    Path output = folder.resolve("out");
    judge(input, output, Scaling.NONE, 2);

    List<Row> rows = spark.read().json(output + "/part-*.jsonl").collectAsList();
    assertThat(rows.stream().map(row -> row.<Double>getAs("advantage"))).containsExactly(0.5, -0.5);
  }

  @Test
  void aLastGroupThatIsNotWholeIsRefused(@TempDir Path folder) throws IOException {
    String row = "{\"completion\":\"\\\\boxed{5}\",\"solution\":\"5\"}";
    Path input = Files.write(folder.resolve("generations.jsonl"), Collections.nCopies(10, row));
    Path output = folder.resolve("out");
    assertThatThrownBy(() -> judge(input, output, Scaling.GROUP, 4))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("no prompt_id and 10 rows")
        .hasMessageContaining("--num_generations 4 the last group, from row 8 on, has only 2");
    assertThat(output).doesNotExist();
  }

  @Test
  void theBatchScalesWhenAsked(@TempDir Path folder) throws IOException {
    Path input = Files.write(folder.resolve("generations.jsonl"), ROWS.subList(0, 4));
    Path output = folder.resolve("out");
    judge(input, output, Scaling.BATCH, 0);

    double[][] rewards = {{1}, {0}, {1}, {1}};
    double[] expected =
        new GroupAdvantage(Scaling.BATCH, Aggregation.SUM_THEN_NORMALIZE)
            .ofBatch(rewards, 2, new double[] {1});
    List<Row> rows =
        spark.read().parquet(output.toString()).orderBy("prompt_id", "extra").collectAsList();
    for (int i = 0; i < expected.length; i++) {
      assertThat(rows.get(i).<Double>getAs("advantage")).isCloseTo(expected[i], within(1e-12));
    }
  }

  /** 1 for completions with a point, no opinion of others. */
  public static final class Pointed implements Reward {
    @Override
    public String name() {
      return "pointed";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return completion.text().contains(".")
          ? Judgement.scored(1, "pointed")
          : Judgement.unverifiable("no point");
    }
  }

  @Test
  void aGroupIsFlatByWhatItsAdvantagesAreMadeOf(@TempDir Path folder) throws IOException {
    Path input = Files.write(folder.resolve("generations.jsonl"), ROWS.subList(0, 4));
    Path output = folder.resolve("out");
    RewardConfig.Functions functions =
        RewardsTest.functions("think_format_reward", Pointed.class.getName());
    RewardSummary summary = judge(input, output, functions, Aggregation.NORMALIZE_THEN_SUM);

    List<Row> rows = spark.read().parquet(output.toString()).collectAsList();
    assertThat(rows).allSatisfy(row -> assertThat(row.<Double>getAs("advantage")).isZero());
    assertThat(rows).allSatisfy(row -> assertThat(row.<Boolean>getAs("group_zero_std")).isTrue());
    assertThat(summary.fracRewardZeroStd()).isEqualTo(1);
  }

  @Test
  void asksForGroupsWhenTheTableHasNone(@TempDir Path folder) throws IOException {
    Path input =
        Files.write(
            folder.resolve("g.jsonl"), List.of("{\"completion\":\"x\",\"solution\":\"1\"}"));
    assertThatThrownBy(() -> judge(input, folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_generations");
  }

  @Test
  void tablesThatCannotBeJudgedAreNamed(@TempDir Path folder) throws IOException {
    Path unsolved =
        Files.writeString(
            folder.resolve("unsolved.jsonl"), "{\"prompt_id\":1,\"completion\":\"1\"}\n");
    Path noRows = Files.writeString(folder.resolve("empty.jsonl"), "");
    Path noFiles = Files.createDirectories(folder.resolve("empty"));
    Path damaged = Files.writeString(folder.resolve("cut.parquet"), "PAR1 and no more");
    Path ungrouped =
        Files.write(
            folder.resolve("ungrouped.jsonl"),
            List.of(ROWS.get(0), "{\"completion\":\"1\",\"solution\":\"1\"}"));

    assertThatThrownBy(() -> judge(ungrouped, folder))
        .hasStackTraceContaining("Cannot group row 1 of " + ungrouped + ": its prompt_id is null");
    assertThatThrownBy(() -> judge(unsolved, folder)).hasMessageContaining("no column solution");
    assertThatThrownBy(() -> judge(noRows, folder)).hasMessageContaining("it holds no rows");
    for (Path unreadable : List.of(noFiles, damaged)) {
      assertThatThrownBy(() -> judge(unreadable, folder))
          .isInstanceOf(TableException.class)
          .hasMessageContaining("Cannot read " + unreadable + " as Parquet");
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void damagedTablesAreNamedWithThePlaceAndTheRemedy(@TempDir Path folder) throws IOException {
    Path zipped = folder.resolve("cut.jsonl.gz");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      for (int i = 0; i < 5000; i++) {
        out.write((ROWS.get(i % ROWS.size()) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    Files.write(zipped, Arrays.copyOf(bytes.toByteArray(), bytes.size() / 2));
    assertThatThrownBy(() -> judge(zipped, folder))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot read " + zipped)
        .hasMessageContaining("copy it again, or run generate again");

    Path table = folder.resolve("table");
    spark
        .read()
        .json(Files.write(folder.resolve("rows.jsonl"), ROWS).toString())
        .coalesce(1)
        .write()
        .parquet(table.toString());
    Path part;
    try (Stream<Path> files = Files.list(table)) {
      part = files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
    byte[] damaged = Files.readAllBytes(part);
    Arrays.fill(damaged, 4, 60, (byte) 0x55);
    Files.write(part, damaged);
    Files.deleteIfExists(part.resolveSibling("." + part.getFileName() + ".crc"));
    assertThatThrownBy(() -> judge(table, folder))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot read " + table)
        .hasMessageContaining("copy it again, or run generate again");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private static IOException in(String className, IOException failure) {
    failure.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement("java.io.FileInputStream", "read", "FileInputStream.java", 1),
          new StackTraceElement(className, "hasNext", "Some.scala", 1)
        });
    return failure;
  }

  @Test
  void aFullDiskIsNoDamagedTable() {
    IOException full =
        in(
            "org.apache.spark.util.collection.ExternalSorter",
            new IOException("No space left on device"));
    assertThat(RewardJob.readFailure(new RuntimeException("Job aborted", full))).isEmpty();
  }

  @Test
  void aFailureOfAScanIsAReadFailure() {
    IOException cut =
        in(
            "org.apache.spark.sql.execution.datasources.FileScanRDD$$anon$1",
            new EOFException("Unexpected end of input stream"));
    assertThat(RewardJob.readFailure(new RuntimeException("Job aborted", cut)))
        .contains("EOFException Unexpected end of input stream");
  }

  @Test
  void anInputThatWouldBeReplacedOrCannotBeLookedAtIsRefused(@TempDir Path folder)
      throws IOException {
    Files.write(folder.resolve("generations.jsonl"), ROWS);
    assertThatThrownBy(() -> requireInput(folder + "/*.jsonl", folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir = " + folder)
        .hasMessageContaining("generations.jsonl, which is read; name another folder");
    assertThatThrownBy(() -> requireInput("nowhere://in/a.jsonl", folder))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot look at nowhere://in/a.jsonl (No FileSystem for scheme");
  }

  private static void requireInput(String input, Path output) {
    RewardJob.requireInput(
        spark.sparkContext().hadoopConfiguration(),
        new RewardConfig.Tables(input, output.toString(), RewardConfig.Format.PARQUET, true, 0));
  }

  private static RewardSummary judge(Path input, Path folder) {
    return judge(input, folder.resolve("out"), Scaling.GROUP, 0);
  }

  @Test
  void analystsHaveASqlFunction() {
    SqlFunctions.register(spark, Dialect.MATH_VERIFY);
    Row row =
        spark
            .sql(
                "SELECT math_verify('$\\\\boxed{0.5}$', '1/2'), math_verify('$\\\\boxed{2}$', '1/2'), math_verify('x', '')")
            .first();
    assertThat(row.getDouble(0)).isEqualTo(1);
    assertThat(row.getDouble(1)).isEqualTo(0);
    assertThat(row.isNullAt(2)).isTrue();
  }

  @Test
  void anAdvantageNeedsItsRewardInTheGroup() {
    SqlFunctions.register(spark, Dialect.MATH_VERIFY);
    String call = "SELECT group_advantage(%s) FROM VALUES (0.1D, 0.3D) AS t(a, b)";
    double advantage = GroupAdvantage.of(new double[] {0.1, 0.3}, Scaling.GROUP)[1];
    for (String arguments :
        List.of("b, array(a, b)", "float(b), array(a, b)", "b, array(float(a), float(b))")) {
      assertThat(spark.sql(call.formatted(arguments)).first().getDouble(0))
          .as(arguments)
          .isCloseTo(advantage, within(1e-6));
    }
    assertThat(spark.sql(call.formatted("null, array(a, b)")).first().getDouble(0)).isZero();
    assertThatThrownBy(() -> spark.sql(call.formatted("b - a, array(a, b)")).first())
        .hasStackTraceContaining("Cannot compare reward")
        .hasStackTraceContaining("[0.1, 0.3]: it is none of them");
  }

  /** The local disk as {@code refusing:}, which renames nothing. */
  public static final class Refusing extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "refusing";
    }

    @Override
    public URI getUri() {
      return URI.create("refusing:///");
    }

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) {
      return false;
    }
  }

  @Test
  void linesThatCannotBeRenamedAreNoResult(@TempDir Path folder) throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.refusing.impl", Refusing.class.getName());
    Files.writeString(folder.resolve("part-00000.json"), "{}");
    var there = new org.apache.hadoop.fs.Path("refusing://" + folder);
    assertThatThrownBy(() -> RewardJob.nameAsJsonLines(hadoop, there))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("refused to rename part-00000.json");
  }
}
