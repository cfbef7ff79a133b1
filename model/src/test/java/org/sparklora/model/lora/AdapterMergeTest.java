package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.AdapterStep;
import org.sparklora.model.Decoder;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.OneDocument;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

class AdapterMergeTest {
  /** Log-probabilities of float32 models of this size that are the same but for rounding. */
  private static final float ROUNDING = 1e-4f;

  private static final PackedBatch BATCH = OneDocument.of(1, 4, 9, 2, 0, 7, 10, 3);

  @TempDir Path folder;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void mergedGoldenModelsComputeWhatTheirAdaptersDid(Engine engine) throws IOException {
    for (String name : GoldenModel.NAMES) {
      try (CheckpointFolder base = GoldenModel.checkpoint(name)) {
        AdapterFile adapter = AdapterFile.open(GoldenModel.adapterFolder(name), base.config());
        Path merged = folder.resolve(name);
        AdapterMerge.merge(base, adapter, engine, Quantization.NONE, merged);
        assertThat(plainLogProbs(merged, engine))
            .as(name)
            .containsExactly(adaptedLogProbs(base, adapter, engine), within(ROUNDING));
      }
    }
  }

  /** PEFT's formula of a layer: {@code W + alpha / √rank · B·A} with the layer's alpha and rank. */
  @Test
  void eachLayerIsMergedWithItsOwnAlphaAndRank() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    LoraConfig.Patterns patterns =
        new LoraConfig.Patterns(Map.of("down_proj", 4), Map.of("1.*q_proj", 6.0, "down_proj", 5.0));
    LoraTargets targets = LoraTargets.names(List.of("q_proj", "down_proj"));
    try (CheckpointFolder base =
        TinyCheckpoint.write(folder.resolve("base"), TinyCheckpoint.config("llama"))) {
      LoraConfig config = new LoraConfig(1, 3, 0, true, targets, patterns);
      AdapterLayout layout = AdapterLayout.of(config, base.config());
      Tensor parameters = TinyCheckpoint.random(new Random(6), 0, 0.5, layout.size());
      AdapterFile.write(folder.resolve("it"), layout, parameters, new AdapterBase("base", ""));
      AdapterFile adapter = AdapterFile.open(folder.resolve("it"), base.config());
      Path merged = folder.resolve("merged");
      AdapterMerge.merge(base, adapter, engine, Quantization.NONE, merged);

      try (CheckpointFolder result = CheckpointFolder.open(merged)) {
        double[] scales = {3 / Math.sqrt(1), 5 / Math.sqrt(4), 6 / Math.sqrt(1), 5 / Math.sqrt(4)};
        assertThat(layout.modules()).hasSize(scales.length); // q_proj, down_proj; and once more
        for (int m = 0; m < scales.length; m++) {
          String module = layout.modules().get(m);
          String name = module + ".weight";
          AdapterLayout.Factors factors = layout.factors(module).orElseThrow();
          float[] a = factors.a(parameters).toArray();
          float[] b = factors.b(parameters).toArray();
          float[] expected = base.load(name, DType.FLOAT32, engine).toArray();
          for (int i = 0; i < expected.length; i++) {
            for (int r = 0; r < factors.rank(); r++) {
              float ofA = a[r * factors.in() + i % factors.in()];
              float ofB = b[i / factors.in() * factors.rank() + r];
              expected[i] += (float) (scales[m] * ofB * ofA);
            }
          }
          assertThat(result.load(name, DType.FLOAT32, engine).toArray())
              .as(name)
              .containsExactly(expected, within(ROUNDING));
        }
      }
      assertThat(plainLogProbs(merged, engine))
          .containsExactly(adaptedLogProbs(base, adapter, engine), within(ROUNDING));
    }
  }

  /** PEFT's adapter whose settings give every layer its alpha by a pattern computes the same. */
  @Test
  void anAdapterOfPeftWithAnAlphaPatternHasTheAlphasOfThePattern() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    Path original = GoldenModel.adapterFolder("llama-tiny");
    String settings = Files.readString(original.resolve(AdapterFile.CONFIG));
    String alphas = "\"alpha_pattern\": {\".*_proj\": 8, \"mlp.*\": 2}";
    Files.writeString(
        folder.resolve(AdapterFile.CONFIG),
        settings
            .replace("\"lora_alpha\": 8", "\"lora_alpha\": 1")
            .replace("\"alpha_pattern\": {}", alphas));
    Files.copy(original.resolve(AdapterFile.WEIGHTS), folder.resolve(AdapterFile.WEIGHTS));
    try (CheckpointFolder base = GoldenModel.checkpoint("llama-tiny")) {
      AdapterFile adapter = AdapterFile.open(original, base.config());
      AdapterFile patterned = AdapterFile.open(folder, base.config());
      assertThat(patterned.layout().config().alpha()).isEqualTo(1);
      assertThat(adaptedLogProbs(base, patterned, engine))
          .containsExactly(adaptedLogProbs(base, adapter, engine));
    }
  }

  @Test
  void adaptedHeadOfTiedModelIsUntied() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    Path adapterFolder = folder.resolve("adapter");
    Path merged = folder.resolve("merged");
    try (CheckpointFolder base =
        TinyCheckpoint.write(folder.resolve("base"), TinyCheckpoint.config("llama"))) {
      LoraTargets targets = LoraTargets.names(List.of("q_proj", "lm_head"));
      AdapterLayout layout =
          AdapterLayout.of(new LoraConfig(2, 4, 0, false, targets), base.config());
      Tensor parameters = TinyCheckpoint.random(new Random(6), 0, 0.5, layout.size());
      AdapterFile.write(adapterFolder, layout, parameters, new AdapterBase("base", ""));
      AdapterFile adapter = AdapterFile.open(adapterFolder, base.config());
      AdapterMerge.merge(base, adapter, engine, Quantization.NONE, merged);

      try (CheckpointFolder result = CheckpointFolder.open(merged)) {
        assertThat(result.config().tieWordEmbeddings()).isFalse();
        assertThat(result.load("model.embed_tokens.weight", DType.FLOAT32, engine).toArray())
            .containsExactly(
                base.load("model.embed_tokens.weight", DType.FLOAT32, engine).toArray());
      }
      assertThat(plainLogProbs(merged, engine))
          .containsExactly(adaptedLogProbs(base, adapter, engine), within(ROUNDING));
    }
  }

  @Test
  void weightsKeepTheirTypeAndTheTokenizerComesAlong() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    try (CheckpointFolder base =
        TinyCheckpoint.write(
            folder.resolve("base"), TinyCheckpoint.config("llama"), DType.BFLOAT16)) {
      Files.writeString(base.folder().resolve("tokenizer.json"), "{}");
      Files.writeString(base.folder().resolve("generation_config.json"), "{\"a\": 1}");
      AdapterLayout layout =
          AdapterLayout.of(
              new LoraConfig(2, 4, 0, false, LoraTargets.names(List.of("all-linear"))),
              base.config());
      AdapterFile.write(
          folder.resolve("adapter"),
          layout,
          engine.allocate(layout.size()),
          new AdapterBase("base", ""));
      AdapterFile adapter = AdapterFile.open(folder.resolve("adapter"), base.config());
      Path merged = folder.resolve("merged");
      AdapterMerge.merge(base, adapter, engine, Quantization.NONE, merged);

      // an adapter of zeros changes nothing
      assertThat(merged.resolve("model.safetensors"))
          .hasSameBinaryContentAs(base.folder().resolve("model.safetensors"));
      assertThat(merged.resolve("config.json")).content().contains("\"dtype\": \"bfloat16\"");
      assertThat(merged.resolve("tokenizer.json")).hasContent("{}");
      assertThat(merged.resolve("generation_config.json")).hasContent("{\"a\": 1}");

      Files.writeString(adapter.folder().resolve("chat_template.jinja"), "adapter");
      AdapterMerge.merge(base, adapter, engine, Quantization.NONE, folder.resolve("templated"));
      assertThat(folder.resolve("templated/chat_template.jinja")).hasContent("adapter");
      assertThat(folder.resolve("templated/tokenizer.json")).hasContent("{}");
      Files.writeString(base.folder().resolve("chat_template.jinja"), "base");
      Files.delete(adapter.folder().resolve("chat_template.jinja"));
      Files.writeString(adapter.folder().resolve("tokenizer.json"), "{\"b\": 2}");
      AdapterMerge.merge(base, adapter, engine, Quantization.NONE, folder.resolve("whole"));
      assertThat(folder.resolve("whole/tokenizer.json")).hasContent("{\"b\": 2}");
      assertThat(folder.resolve("whole/chat_template.jinja")).doesNotExist();
      assertThatThrownBy(
              () -> AdapterMerge.merge(base, adapter, engine, Quantization.NONE, base.folder()))
          .hasMessageContaining("the folder of the base model");
    }
  }

  @Test
  void memoryIsFreedWhereTheUpdateCannotBeAdded() throws IOException {
    try (CheckpointFolder base = GoldenModel.checkpoint("llama-tiny");
        Engine engine =
            EnginesUnderTest.failing(
                "matmulInput"::equals, EnginesUnderTest.kernels("reference:1"))) {
      AdapterFile adapter =
          AdapterFile.open(GoldenModel.adapterFolder("llama-tiny"), base.config());
      long before = NativeMemory.liveBytes();
      assertThatThrownBy(
              () ->
                  AdapterMerge.merge(
                      base, adapter, engine, Quantization.NONE, folder.resolve("merged")))
          .hasMessage("this is a test");
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  private static float[] plainLogProbs(Path folder, Engine engine) throws IOException {
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
      Decoder decoder = Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32);
      return new AdapterStep(decoder, engine, false)
          .logProbs(engine.allocate(0), BATCH, 1f)
          .logProbs();
    }
  }

  private static float[] adaptedLogProbs(CheckpointFolder base, AdapterFile adapter, Engine engine)
      throws IOException {
    Tensor parameters = engine.allocate(adapter.layout().size());
    adapter.load(engine, parameters);
    Decoder decoder = Decoder.load(base, adapter.layout(), engine, Precision.FLOAT32);
    return new AdapterStep(decoder, engine, false).logProbs(parameters, BATCH, 1f).logProbs();
  }
}
