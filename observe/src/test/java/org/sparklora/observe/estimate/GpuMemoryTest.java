package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.observe.estimate.MachineMemory.Grantor;
import org.sparklora.train.GuideModels;

class GpuMemoryTest {
  private static final long GIB = 1L << 30;
  @TempDir Path folder;

  private GpuMemory memory(
      GuideModels shape, boolean adapter, Optional<PlannedRun.Generation> generation)
      throws IOException {
    DecoderConfig model = DecoderConfig.read(shape.write(folder).resolve("config.json"));
    return GpuMemory.of(run(model, adapter, generation));
  }

  private static PlannedRun run(
      DecoderConfig model, boolean adapter, Optional<PlannedRun.Generation> generation) {
    LoraConfig lora = new LoraConfig(256, 16, 0, false, LoraTargets.ofFlag(List.of("all-linear")));
    return new PlannedRun(
        model,
        adapter ? Optional.of(AdapterLayout.of(lora, model)) : Optional.empty(),
        new PlannedRun.Memory(
            DType.FLOAT32, DType.FLOAT32, DType.BFLOAT16, true, 4, Optional.empty()),
        new PlannedRun.Batch(1, 16, 4096, 0, 1),
        2e-4,
        Optional.empty(),
        generation);
  }

  @Test
  void termsOfLlama8bAreThoseOfItsShape() throws IOException {
    GpuMemory memory = memory(GuideModels.LLAMA_3_1_8B, true, Optional.empty());
    // 8,030,261,248 weights, of which 65 norms of 4096 are float32, the rest bfloat16
    assertThat(memory.weights()).isEqualTo(2L * 8_030_261_248L + 2L * 65 * 4096);
    // 256 · (in + out) summed over 32 layers: 671,088,640 parameters, with gradient and moments
    assertThat(memory.parameters()).isEqualTo(16L * 671_088_640);
    assertThat(memory.headChunk()).isBetween(63L << 20, 64L << 20);
    assertThat(memory.cache()).isZero();
    assertThat(memory.total())
        .isEqualTo(GIB + memory.weights() + memory.parameters() + memory.activations());
    assertThat(memory.fitting()).isEqualTo(List.of(40, 80, 141));
    assertThat(memory.fit()).isEqualTo("fits 40, 80 and 141 GB");
  }

  @Test
  void allWeightsOfItFitTheLargestAlone() throws IOException {
    GpuMemory memory = memory(GuideModels.LLAMA_3_1_8B, false, Optional.empty());
    assertThat(memory.weights()).isZero();
    assertThat(memory.parameters()).isEqualTo(16L * 8_030_261_248L);
    assertThat(memory.fit()).isEqualTo("fits 141 GB");
  }

  @Test
  void theCacheHasTheCompletionsThatAreInFlightInPagesThatDouble() throws IOException {
    GpuMemory memory =
        memory(
            GuideModels.QWEN3_0_6B,
            true,
            Optional.of(new PlannedRun.Generation(16, 1024, 0, 0, 0)));
    // 4 prompts · 16 completions · 4096 tokens are 16,384 pages of 16, a power of two; 2·28·8·128
    // numbers of bfloat16 each
    assertThat(memory.cache()).isEqualTo(64L * 4096 * 2 * 28 * 8 * 128 * 2);
    assertThat(memory.total())
        .as("both stay")
        .isEqualTo(
            GIB + memory.weights() + memory.parameters() + memory.activations() + memory.cache());
    assertThat(
            memory(
                    GuideModels.QWEN3_0_6B,
                    true,
                    Optional.of(new PlannedRun.Generation(24, 1024, 0, 0, 0)))
                .cache())
        .as("2 · 24 · 4096 tokens: the pages double beyond them")
        .isEqualTo(memory.cache());
    assertThat(memory.fit()).isEqualTo("fits 40, 80 and 141 GB");
    assertThat(
            memory(
                    GuideModels.QWEN3_0_6B,
                    true,
                    Optional.of(new PlannedRun.Generation(16, 16, 0, 0, 0)))
                .cache())
        .as("a round of one prompt")
        .isEqualTo(memory.cache() / 4);
  }

  @Test
  void otherPoliciesHaveTheirParametersAlone() throws IOException {
    var alone = Optional.of(new PlannedRun.Generation(16, 1024, 0, 0, 0));
    var beside = Optional.of(new PlannedRun.Generation(16, 1024, 0, 0, 3));
    long trained = memory(GuideModels.QWEN3_0_6B, true, Optional.empty()).parameters() / 16;
    assertThat(memory(GuideModels.QWEN3_0_6B, true, alone).parameters()).isEqualTo(20 * trained);
    assertThat(memory(GuideModels.QWEN3_0_6B, true, beside).parameters()).isEqualTo(32 * trained);
  }

  @Test
  void aTeachersWeightsLieBesideTheModels() throws IOException {
    var alone = Optional.of(new PlannedRun.Generation(16, 1024, 0, 0, 0));
    var taught = Optional.of(new PlannedRun.Generation(16, 1024, 0, 5 * GIB, 0));
    assertThat(memory(GuideModels.QWEN3_0_6B, true, taught).total())
        .isEqualTo(memory(GuideModels.QWEN3_0_6B, true, alone).total() + 5 * GIB);
  }

  @Test
  void completionsOfServersTakeNoMemoryHere() throws IOException {
    DecoderConfig model =
        DecoderConfig.read(GuideModels.QWEN3_0_6B.write(folder).resolve("config.json"));
    PlannedRun run = run(model, true, Optional.of(new PlannedRun.Generation(0, 1024, 0, 0, 0)));
    assertThat(GpuMemory.of(run).cache()).isZero();
    long needed = TrainingMemory.of(run).total();
    List<Finding> findings =
        CostFindings.of(run, new MachineMemory(Grantor.THIS_MACHINE, needed, needed));
    assertThat(findings).extracting(Finding::name).doesNotContain("memory, generating");
    assertThat(findings.get(findings.size() - 1).verdict()).isEqualTo(Finding.Severity.OK);
  }

  @Test
  void layersWithAWindowKeepAsManyTokensAndTwoPages() throws IOException {
    Path file = GuideModels.QWEN3_0_6B.write(folder).resolve("config.json");
    ObjectNode json = (ObjectNode) new ObjectMapper().readTree(file.toFile());
    json.put("use_sliding_window", true).put("sliding_window", 512).put("max_window_layers", 7);
    Files.writeString(file, json.toString());
    PlannedRun run =
        run(
            DecoderConfig.read(file),
            true,
            Optional.of(new PlannedRun.Generation(16, 1024, 0, 0, 0)));
    // 64 · (512 + 32) tokens are 2176 pages, so 4096
    assertThat(GpuMemory.of(run).cache())
        .isEqualTo((7 * 64L * 4096 + 21 * 4096L * 16) * 2 * 8 * 128 * 2);
    long tokens = 16L * (7 * 4096 + 21 * 544);
    assertThat(
            CostFindings.of(run, new MachineMemory(Grantor.THIS_MACHINE, GIB, GIB)).stream()
                .filter(finding -> finding.name().equals("memory, generating"))
                .findFirst()
                .orElseThrow()
                .values())
        .containsEntry("key_value_bytes", tokens * 2 * 8 * 128 * Float.BYTES);
  }
}
