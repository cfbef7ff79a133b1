package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.observe.estimate.Finding.Severity;
import org.sparklora.observe.estimate.PlannedRun.DataSize;
import org.sparklora.train.GuideModels;

/** Severitys on SmolLM2-135M, whose all-linear adapter has 305,280 parameters a rank. */
class RegretReportTest {
  private static final PlannedRun.Memory MEMORY =
      new PlannedRun.Memory(
          DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, false, 4, Optional.empty());
  private static final MachineMemory LARGE =
      new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, 64L << 30, 60L << 30);

  @TempDir private Path folder;
  private DecoderConfig model;

  @BeforeEach
  void readModel() throws IOException {
    model = CheckpointHeaders.read(GuideModels.SMOLLM2_135M.write(folder)).config();
  }

  private Optional<AdapterLayout> adapter(int rank, String... targets) {
    LoraConfig config = new LoraConfig(rank, 32, 0, false, LoraTargets.names(List.of(targets)));
    return Optional.of(AdapterLayout.of(config, model));
  }

  private PlannedRun run(Optional<AdapterLayout> adapter, double rate, int rows, DataSize data) {
    PlannedRun.Batch batch = new PlannedRun.Batch(1, rows, 1024, -1, 1);
    return new PlannedRun(
        model, adapter, MEMORY, batch, rate, Optional.ofNullable(data), Optional.empty());
  }

  private static Finding finding(PlannedRun run, String name) {
    return RegretReport.of("test", run, LARGE).findings().stream()
        .filter(finding -> finding.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void productsThatStayInFloat32AreCountedAndExplained() {
    Finding large = bfloat16(1024);
    Finding small = bfloat16(96);

    assertThat(large.verdict()).isEqualTo(Severity.OK);
    assertThat(large.figure())
        .matches("1,\\d{3} of 1,\\d{3} products .* of 1,024 tokens are bfloat16");
    assertThat(large.advice()).startsWith("420 with fewer than 16 inputs or outputs stay float32;");
    assertThat(small.verdict()).isEqualTo(Severity.NOTE);
    assertThat(small.figure()).startsWith("0 of 1,");
    assertThat(small.advice()).matches("1,\\d{3} of at most 128 rows stay float32; so do .*");
  }

  private Finding bfloat16(int tokens) {
    Engine engine = Engines.of(EngineChoice.USUAL);
    Precision precision = new Precision(DType.FLOAT32, DType.BFLOAT16);
    assumeTrue(
        precision.productsOn(engine) == DType.BFLOAT16,
        "this CPU multiplies bfloat16 no faster than float32");
    return finding(
        new PlannedRun(
            model,
            adapter(8, "all-linear"),
            PlannedRun.Memory.of(DType.FLOAT32, precision, engine, false, 4),
            new PlannedRun.Batch(1, 1, tokens, -1, 1),
            1e-3,
            Optional.empty(),
            Optional.empty()),
        "bf16");
  }

  @ParameterizedTest
  @CsvSource({
    "all-linear, OK, 210",
    "q_proj v_proj, REGRET, 60",
    "q_proj k_proj v_proj o_proj lm_head, REGRET, 121",
    "gate_proj up_proj down_proj, OK, 90",
    "q_proj up_proj, NOTE, 60",
    "lm_head, REGRET, 1"
  })
  void attentionAloneIsRegretted(String targets, Severity verdict, int layers) {
    Finding finding = finding(run(adapter(8, targets.split(" ")), 1e-3, 8, null), "adapted layers");

    assertThat(finding.verdict()).isEqualTo(verdict);
    assertThat(finding.values()).containsEntry("adapted_linear_layers", layers);
  }

  @ParameterizedTest
  @CsvSource({ // one bit a token against 2 · 305,280 · rank
    "4, 610560, OK, 1",
    "4, 610561, OK, 2",
    "4, 2442240, OK, 4",
    "4, 2442241, REGRET, 5"
  })
  void rankMustHoldTheData(int rank, long targetTokens, Severity verdict, long sufficient) {
    Finding finding =
        finding(
            run(adapter(rank, "all-linear"), 1e-3, 8, new DataSize(800, targetTokens, 1024)),
            "capacity");

    assertThat(finding.verdict()).isEqualTo(verdict);
    assertThat(finding.values()).containsEntry("sufficient_rank", sufficient);
  }

  /** q_proj has 30 · (576 + 576) parameters a rank and v_proj 30 · (576 + 192). */
  @ParameterizedTest
  @CsvSource({"1013760, OK, 9", "1013761, REGRET, 9"})
  void ranksOfSomeLayersCountAsTheyAre(long targetTokens, Severity verdict, long sufficient) {
    LoraConfig config =
        new LoraConfig(
            2,
            32,
            0,
            false,
            LoraTargets.names(List.of("q_proj", "v_proj")),
            new LoraConfig.Patterns(Map.of("v_proj", 19), Map.of()));
    DataSize data = new DataSize(800, targetTokens, 1024);
    PlannedRun run = run(Optional.of(AdapterLayout.of(config, model)), 1e-3, 8, data);
    Finding finding = finding(run, "capacity");

    assertThat(finding.verdict()).isEqualTo(verdict);
    assertThat(finding.values()).containsEntry("sufficient_rank", sufficient);
  }

  @Test
  void onlyTokensThatAreSeenCount() {
    PlannedRun.Batch tenth = new PlannedRun.Batch(1, 8, 1024, 10, 3);
    PlannedRun run =
        new PlannedRun(
            model,
            adapter(4, "all-linear"),
            MEMORY,
            tenth,
            1e-3,
            Optional.of(new DataSize(800, 1_000_000, 1024)),
            Optional.empty());

    assertThat(finding(run, "capacity").values()).containsEntry("target_tokens", 100_000L);
  }

  @Test
  void withoutATableStepsBoundTheTokens() {
    PlannedRun.Batch steps = new PlannedRun.Batch(1, 8, 1024, 10, 3);
    PlannedRun run =
        new PlannedRun(
            model,
            adapter(4, "all-linear"),
            MEMORY,
            steps,
            1e-3,
            Optional.empty(),
            Optional.empty());

    assertThat(finding(run, "capacity").figure()).contains("at most 81,920 target tokens");
  }

  @Test
  void withoutATableAndStepsTheTokensAreUnknown() {
    Finding finding = finding(run(adapter(4, "all-linear"), 1e-3, 8, null), "capacity");

    assertThat(finding.verdict()).isEqualTo(Severity.UNKNOWN);
    assertThat(finding.figure()).startsWith("1,221,120 parameters hold 2.4 million bits");
  }

  @Test
  void aFullFineTuningRateIsTooLowForAnAdapter() throws IOException {
    model = CheckpointHeaders.read(GuideModels.QWEN2_5_3B.write(folder)).config();
    Finding command = finding(run(adapter(256, "all-linear"), 2e-5, 32, null), "learning rate");
    Finding python = finding(run(adapter(256, "all-linear"), 2e-4, 32, null), "learning rate");
    Finding tooHigh = finding(run(adapter(256, "all-linear"), 3e-3, 32, null), "learning rate");

    assertThat(command.verdict()).isEqualTo(Severity.REGRET);
    assertThat(command.advice()).contains("rate for full fine-tuning");
    assertThat(python.verdict()).isEqualTo(Severity.OK);
    assertThat(tooHigh.verdict()).isEqualTo(Severity.REGRET);
    assertThat(tooHigh.advice()).contains("6.0 times the advised");
  }

  @Test
  void shortRunsTakeHalfAsMuchAgain() {
    PlannedRun run =
        run(adapter(4, "all-linear"), 1e-3, 8, new DataSize(8 * 99, 1000, 1024)); // 99 steps

    assertThat(finding(run, "learning rate").figure()).contains("1.983e-3 for under 100 steps");
    assertThat(
            finding(
                    run(adapter(4, "all-linear"), 1e-3, 8, new DataSize(8 * 100, 1000, 1024)),
                    "learning rate")
                .figure())
        .contains("1.322e-3, extrapolated");
  }

  @ParameterizedTest
  @CsvSource({"31, OK", "32, NOTE", "33, REGRET"})
  void largeBatchesAreRegretted(int rows, Severity verdict) {
    assertThat(
            finding(run(adapter(4, "all-linear"), 1e-3, rows, null), "effective batch").verdict())
        .isEqualTo(verdict);
  }

  @Test
  void fullFineTuningHasItsOwnRateAndNoBatchLimit() {
    PlannedRun run = run(Optional.empty(), 1.3e-4, 512, null);

    assertThat(finding(run, "learning rate").verdict()).isEqualTo(Severity.OK);
    assertThat(finding(run, "effective batch").verdict()).isEqualTo(Severity.OK);
    assertThat(RegretReport.of("test", run, LARGE).findings())
        .extracting(Finding::name)
        .doesNotContain("capacity", "compute");
  }

  @Test
  void memoryIsComparedWithTheMachines() {
    PlannedRun run = run(adapter(256, "all-linear"), 1e-3, 8, null);
    long needed = TrainingMemory.of(run).total();
    var enough = new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, needed, needed);
    var busy = new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, needed, needed - 1);
    var small = new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, needed - 1, needed - 1);

    assertThat(machineVerdict(run, enough)).isEqualTo(Severity.OK);
    assertThat(machineVerdict(run, busy)).isEqualTo(Severity.NOTE);
    assertThat(machineVerdict(run, small)).isEqualTo(Severity.REGRET);
    assertThat(RegretReport.refusal(run, busy)).isEmpty();
    assertThat(RegretReport.refusal(run, small))
        .hasValueSatisfying(
            reason ->
                assertThat(reason)
                    .contains("needs about 3.0 GiB", "this machine has 3.0 GiB", "lower lora_r"));
    assertThat(RegretReport.refusal(run, MachineMemory.ofExecutors(1))).isEmpty();
  }

  private PlannedRun rewarded(int inRound, long teacherBytes) {
    return new PlannedRun(
        model,
        adapter(4, "all-linear"),
        MEMORY,
        new PlannedRun.Batch(1, 8, 1024, 10, 1),
        1e-5,
        Optional.empty(),
        Optional.of(new PlannedRun.Generation(8, inRound, 0, teacherBytes, 0)));
  }

  @ParameterizedTest
  @CsvSource({"128, 64", "40, 40"})
  void theMachineMustHoldTheKeysAndValuesOfAllCompletionsInFlight(int inRound, long inFlight) {
    PlannedRun run = rewarded(inRound, 0);
    long cache = inFlight * 1024 * 30 * 2 * 3 * 64 * Float.BYTES; // 3 heads of 64 in 30 layers
    long needed = TrainingMemory.of(run).total() + cache;

    assertThat(machineVerdict(run, new MachineMemory(LARGE.grantor(), needed, needed)))
        .isEqualTo(Severity.OK);
    assertThat(machineVerdict(run, new MachineMemory(LARGE.grantor(), needed - 1, needed - 1)))
        .isEqualTo(Severity.REGRET);
  }

  @Test
  void rewardsTeachByCompletionAndATeacherByToken() {
    assertThat(finding(rewarded(128, 0), "capacity").figure())
        .contains("80 completions teach about a bit each");
    assertThat(finding(rewarded(128, 1L << 30), "capacity").figure())
        .contains("at most 81,920 target tokens");
  }

  private static Severity machineVerdict(PlannedRun run, MachineMemory machine) {
    List<Finding> findings = RegretReport.of("test", run, machine).findings();
    return findings.get(findings.size() - 1).verdict();
  }

  @Test
  void thisMachineHasMemory() {
    MachineMemory here = MachineMemory.here();

    assertThat(here.total()).isGreaterThan(1L << 30);
    assertThat(here.available()).isPositive().isLessThanOrEqualTo(here.total());
  }

  @Test
  void figuresOfAllFindingsAreAligned() {
    PlannedRun run = run(adapter(256, "all-linear"), 1e-3, 8, null);
    RegretReport report = RegretReport.of("a run", run, LARGE);

    List<String> lines = report.toText().lines().toList();

    assertThat(lines).hasSize(1 + 2 * report.findings().size());
    int column = lines.get(1).indexOf(report.findings().get(0).figure());
    for (int i = 0; i < report.findings().size(); i++) {
      Finding finding = report.findings().get(i);
      assertThat(lines.get(1 + 2 * i)).startsWith("  ").contains(finding.name());
      assertThat(lines.get(1 + 2 * i).substring(column)).isEqualTo(finding.figure());
      assertThat(lines.get(2 + 2 * i).substring(column)).startsWith(finding.advice());
    }
  }

  @Test
  void jsonHasTheNumbersAndTheCitations() throws IOException {
    PlannedRun run = run(adapter(256, "all-linear"), 1e-3, 8, new DataSize(100, 1000, 1024));
    List<Map<String, Object>> history =
        List.of(Map.of("epoch", 0.5, "loss", 2.0), Map.of("epoch", 1.0, "loss", 1.0));

    JsonNode json =
        new ObjectMapper()
            .readTree(
                RegretReport.of("a run", run, LARGE)
                    .with(AbsorbedBits.finding(run, history))
                    .toJson());

    JsonNode compute = named(json, "compute");
    assertThat(compute.at("/values/relative_compute").asDouble()).isCloseTo(1.40, within(0.005));
    assertThat(compute.get("verdict").asText()).isEqualTo("note");
    assertThat(compute.at("/sources/0").asText()).contains("thinkingmachines.ai/blog/lora");
    JsonNode absorbed = named(json, "absorbed");
    assertThat(absorbed.at("/values/absorbed_bits").asDouble())
        .isCloseTo(500 / Math.log(2), within(1e-9));
  }

  private static JsonNode named(JsonNode report, String name) {
    for (JsonNode finding : report.get("findings")) {
      if (finding.get("name").asText().equals(name)) {
        return finding;
      }
    }
    throw new AssertionError("No finding " + name + " in " + report);
  }
}
