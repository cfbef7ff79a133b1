package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.observe.estimate.PlannedRun.DataSize;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.train.GuideModels;

/**
 * Whole printed reports, letter by letter: {@code printed_reports.txt} has what the first version
 * printed. Below each report are the values of its findings.
 */
class PrintedReportsTest {
  private static final String ALL = "all-linear";
  private static final long GIB = 1L << 30;

  @TempDir private Path folder;
  private final StringBuilder printed = new StringBuilder();

  /** A run, a part of which each report changes. */
  private static final class Setup {
    private final DecoderConfig model;
    private Optional<LoraConfig> lora = Optional.empty();
    private PlannedRun.Memory memory =
        new PlannedRun.Memory(
            DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, false, 4, Optional.empty());
    private PlannedRun.Batch batch = new PlannedRun.Batch(1, 8, 1024, -1, 1);
    private double rate = 2e-4;
    private Optional<DataSize> data = Optional.empty();
    private Optional<PlannedRun.Generation> generation = Optional.empty();
    private MachineMemory machine =
        new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, 64 * GIB, 60 * GIB);

    Setup(DecoderConfig model) {
      this.model = model;
    }

    Setup lora(int rank, String... targets) {
      lora = Optional.of(new LoraConfig(rank, 32, 0, false, LoraTargets.names(List.of(targets))));
      return this;
    }

    Setup rate(double other) {
      rate = other;
      return this;
    }

    Setup batch(int rows, int rowsPerStep, int maxSteps) {
      batch = new PlannedRun.Batch(rows, rowsPerStep, 1024, maxSteps, 1);
      return this;
    }

    Setup halved() {
      memory =
          new PlannedRun.Memory(
              DType.BFLOAT16, DType.BFLOAT16, DType.BFLOAT16, true, 4, Optional.empty());
      return this;
    }

    Setup data(long rows, long targetTokens) {
      data = Optional.of(new DataSize(rows, targetTokens, 900));
      return this;
    }

    Setup generation(int completions, long packedWeightBytes) {
      generation =
          Optional.of(
              new PlannedRun.Generation(completions, 8 * completions, packedWeightBytes, 0, 0));
      return this;
    }

    Setup machine(MachineMemory other) {
      machine = other;
      return this;
    }

    PlannedRun run() {
      return new PlannedRun(
          model,
          lora.map(config -> AdapterLayout.of(config, model)),
          memory,
          batch,
          rate,
          data,
          generation);
    }
  }

  private Setup of(GuideModels model) throws IOException {
    return new Setup(CheckpointHeaders.read(model.write(folder)).config());
  }

  private void print(GuideModels model, Setup setup) {
    PlannedRun run = setup.run();
    String title = RegretReport.title("org/" + model.folderName(), setup.lora);
    print(RegretReport.of(title, run, setup.machine));
    RegretReport.refusal(run, setup.machine)
        .ifPresent(reason -> printed.append("  refused: ").append(reason).append("\n\n"));
  }

  private void print(RegretReport report) {
    printed.append(report.toText());
    report
        .findings()
        .forEach(
            finding ->
                printed.append("  %s %s\n".formatted(finding.name(), finding.values().toString())));
    printed.append('\n');
  }

  private void printSupervised() throws IOException {
    GuideModels small = GuideModels.SMOLLM2_135M;
    print(small, of(small).lora(256, ALL).rate(1e-3));
    print(small, of(small).lora(8, "q_proj", "v_proj").rate(1e-2).batch(1, 32, 50));
    print(small, of(small).lora(8, "gate_proj", "up_proj", "down_proj").rate(1e-5));
    print(small, of(small).lora(8, "q_proj", "up_proj").rate(1e-6).batch(1, 1, -1));
    print(small, of(small).lora(1, "lm_head").data(800, 1_000_000_000));
    print(small, of(small).lora(4, ALL, "lm_head").rate(5e-3).data(8 * 99, 610_560).halved());
    print(small, of(small).lora(4, ALL).rate(6e-4).data(800, 2_442_241).batch(2, 33, -1));
    print(small, of(small).rate(2e-4).batch(4, 512, -1).data(100_000, 50_000_000));
    print(small, of(small).rate(1.3e-4));
    print(small, of(small).rate(1));
    print(small, of(small).lora(4, ALL).machine(MachineMemory.ofExecutors(GIB)).batch(1, 8, 10));
    GuideModels large = GuideModels.QWEN2_5_3B;
    print(large, of(large).lora(256, ALL).rate(2e-5).batch(2, 32, -1));
    print(large, of(large).lora(256, ALL).rate(2e-4).halved());
    print(large, of(large).lora(16, ALL).rate(3e-3).data(80_000, 3_000_000_000L).halved());
    print(large, of(large).rate(2e-5).halved());
    GuideModels largest = GuideModels.LLAMA_3_1_70B;
    print(largest, of(largest).lora(64, ALL).rate(1e-9).batch(16, 64, 2000));
  }

  private void printRewarded() throws IOException {
    GuideModels model = GuideModels.QWEN3_0_6B;
    print(model, of(model).lora(1, ALL).rate(1e-5).generation(8, 0).batch(8, 31, 100));
    print(model, of(model).lora(32, ALL).rate(1e-3).generation(16, 700_000_000).batch(8, 64, -1));
    print(model, of(model).lora(1, "q_proj").rate(1e-8).generation(4, 0).batch(8, 32, 50_000_000));
    print(model, of(model).rate(1e-6).generation(8, 0).halved());
    MachineMemory busy = new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, 64 * GIB, 1);
    print(model, of(model).lora(1, ALL).rate(5e-5).generation(8, 0).machine(busy));
    MachineMemory tiny = new MachineMemory(MachineMemory.Grantor.THIS_MACHINE, GIB, GIB);
    print(model, of(model).lora(1, ALL).rate(1e-3).generation(8, 0).machine(tiny));
    print(model, of(model).machine(tiny));
    print(model, of(model).lora(4, ALL).machine(tiny).halved());
    print(model, of(model).lora(4, ALL).machine(tiny));
  }

  private void printOutcomes() throws IOException {
    List<Map<String, Object>> falling =
        List.of(Map.of("epoch", 0.5, "loss", 2.0), Map.of("epoch", 1.5, "loss", 1.0));
    List<Map<String, Object>> rising =
        List.of(Map.of("epoch", 0.5, "loss", 1.0), Map.of("epoch", 1.0, "loss", 2.0));
    Setup adapter = of(GuideModels.SMOLLM2_135M).lora(4, ALL).data(800, 610_561);
    Setup all = of(GuideModels.SMOLLM2_135M).data(800, 610_561);
    RegretReport empty = new RegretReport("outcomes", List.of());
    for (List<Map<String, Object>> log : List.of(falling, rising, List.<Map<String, Object>>of())) {
      print(empty.with(AbsorbedBits.finding(adapter.run(), log)));
      print(empty.with(AbsorbedBits.finding(all.run(), log)));
    }
    printed.append(empty.with(AbsorbedBits.finding(adapter.run(), falling)).toJson());
  }

  @Test
  void reportsArePrintedAsByTheFirstVersion() throws IOException {
    printSupervised();
    printRewarded();
    printOutcomes();
    try (InputStream in = getClass().getResourceAsStream("printed_reports.txt")) {
      assertThat(printed.toString())
          .isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** A user must be able to set a flag that advice names. */
  @Test
  void wordsNameFlagsThatThereAre() {
    Set<String> flags =
        Arrays.stream(Flags.class.getFields())
            .map(field -> field.getName().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    String words = Figures.WORDS.values().toString();
    assertThat(Pattern.compile("--(?:no_)?([a-z0-9]+_[a-z0-9_]+)").matcher(words).results())
        .isNotEmpty()
        .allMatch(flag -> flags.contains(flag.group(1)));
  }
}
