package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFile;

class CheckpointFolderTest {
  private static final String TOOL_USE = "additional_chat_templates/tool_use.jinja";

  private final Engine engine = EnginesUnderTest.reference();

  @TempDir Path folder;

  @Test
  void readsShardsAsOneModel() throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("qwen2-tiny")) {
      Tensor bias = checkpoint.load("model.layers.1.self_attn.q_proj.bias", DType.FLOAT32, engine);
      assertThat(bias.shape()).containsExactly(64);
      assertThat(checkpoint.storedType("model.norm.weight")).isEqualTo(DType.FLOAT32);
    }
  }

  @Test
  void refusesMissingTensorsByName() throws IOException {
    writeChanged(weights -> weights.remove("model.layers.1.mlp.up_proj.weight"));
    assertRefused("missing are model.layers.1.mlp.up_proj.weight");
  }

  @Test
  void refusesExtraTensorsByName() throws IOException {
    writeChanged(weights -> weights.put("model.layers.2.mlp.up_proj.weight", new long[] {12, 8}));
    assertRefused("no place for model.layers.2.mlp.up_proj.weight");
  }

  @Test
  void refusesWronglyShapedTensorsByName() throws IOException {
    writeChanged(weights -> weights.put("model.layers.1.mlp.up_proj.weight", new long[] {8, 12}));
    assertRefused("model.layers.1.mlp.up_proj.weight", "its shape is [8, 12]", "asks for [12, 8]");
  }

  @Test
  void oldRotaryBuffersAndRepeatedTiedHeadsAreIgnored() throws IOException {
    writeChanged(
        weights -> {
          weights.put("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] {2});
          weights.put("lm_head.weight", new long[] {11, 8}); // zeros, as the table
        });
    CheckpointFolder.open(folder).close();
  }

  /** The safetensors library writes tied models so: the first name in the alphabet is kept. */
  @Test
  void aTiedTableMayBeStoredAsTheHeadAlone() throws IOException {
    Path other = folder.resolve("other");
    try (CheckpointFolder tied = TinyCheckpoint.write(folder, TinyCheckpoint.config("llama"))) {
      List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
      for (String name : WeightNames.expected(tied.config()).keySet()) {
        entries.add(
            SafeTensorsWriter.Entry.of(
                name.equals(WeightNames.EMBEDDING) ? WeightNames.HEAD : name,
                DType.FLOAT32,
                tied.load(name, DType.FLOAT32, engine)));
      }
      ObjectNode config = tied.configJson().put("transformers_weights", "model.safetensors");
      CheckpointWriter.write(other, config, DType.FLOAT32, entries);
      try (CheckpointFolder read = CheckpointFolder.open(other)) {
        assertThat(read.configJson().has("transformers_weights")).isFalse();
        assertThat(read.load(WeightNames.EMBEDDING, DType.FLOAT32, engine).toArray())
            .containsExactly(tied.load(WeightNames.EMBEDDING, DType.FLOAT32, engine).toArray());
        assertThat(read.fingerprint()).isEqualTo(tied.fingerprint());
      }
    }
    assertThat(CheckpointHeaders.read(other).matrixType()).isEqualTo(DType.FLOAT32);
  }

  /** Qwen3MoeModel of transformers 5.24, saved with save_original_format=False and an index. */
  @Test
  void baseModelsLackAPrefixAndExpertsMayBeJoined() throws IOException {
    Path other = folder.resolve("other");
    ObjectNode config = TinyCheckpoint.config("qwen3_moe");
    try (CheckpointFolder usual = TinyCheckpoint.write(folder.resolve("usual"), config)) {
      List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
      for (String name : WeightNames.expected(usual.config()).keySet()) {
        if (!name.contains(WeightNames.EXPERTS)) {
          entries.add(entry(name, usual.load(name, DType.FLOAT32, engine)));
        }
      }
      for (int layer = 0; layer < 2; layer++) {
        String experts = "model.layers." + layer + WeightNames.EXPERTS;
        Tensor gateUp = engine.allocate(3, 12, 8);
        Tensor down = engine.allocate(3, 8, 6);
        for (int e = 0; e < 3; e++) {
          copy(usual, experts + e + ".gate_proj.weight", gateUp.view(96L * e, 6, 8));
          copy(usual, experts + e + ".up_proj.weight", gateUp.view(96L * e + 48, 6, 8));
          copy(usual, experts + e + ".down_proj.weight", down.view(48L * e, 8, 6));
        }
        entries.add(entry(experts + "gate_up_proj", gateUp));
        entries.add(entry(experts + "down_proj", down));
      }
      CheckpointWriter.write(other, usual.configJson(), DType.FLOAT32, entries);
      assertSameWeights(other, usual);
      Files.move(other.resolve("model.safetensors"), other.resolve("model-1-of-1.safetensors"));
      ObjectNode index = JsonFile.newObject();
      ObjectNode shards = index.putObject("weight_map");
      entries.forEach(entry -> shards.put(entry.name(), "model-1-of-1.safetensors"));
      JsonFile.write(other.resolve("model.safetensors.index.json"), index);
      assertSameWeights(other, usual);
    }
  }

  private static SafeTensorsWriter.Entry entry(String name, Tensor tensor) {
    return SafeTensorsWriter.Entry.of(name.replaceFirst("^model\\.", ""), DType.FLOAT32, tensor);
  }

  private void copy(CheckpointFolder from, String name, Tensor to) throws IOException {
    engine.copy(from.load(name, DType.FLOAT32, engine), to);
  }

  private void assertSameWeights(Path folder, CheckpointFolder expected) throws IOException {
    try (CheckpointFolder read = CheckpointFolder.open(folder)) {
      for (String name : WeightNames.expected(expected.config()).keySet()) {
        assertThat(read.load(name, DType.FLOAT32, engine).toArray())
            .as(name)
            .containsExactly(expected.load(name, DType.FLOAT32, engine).toArray());
      }
      assertThat(read.fingerprint()).isEqualTo(expected.fingerprint());
    }
  }

  /** Joined experts of another model do not divide into this one's. */
  @Test
  void refusesJoinedExpertsOfOtherSizes() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3_moe");
    TinyCheckpoint.write(folder, config).close();
    Tensor odd = engine.allocate(3, 13, 8);
    String name = "model.layers.0.mlp.experts.gate_up_proj";
    SafeTensorsWriter.write(
        folder.resolve("model.safetensors"),
        List.of(SafeTensorsWriter.Entry.of(name, DType.FLOAT32, odd)));
    config.put("num_hidden_layers", 1);
    JsonFile.write(folder.resolve("config.json"), config);
    assertRefused("missing are", "model.layers.0.mlp.experts.0.gate_proj.weight");
  }

  /** With both keys, transformers reads dtype unless it is null. */
  @Test
  void savedConfigsHaveOneDtype() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("torch_dtype", "float16");
    CheckpointWriter.write(folder, config, DType.BFLOAT16, List.of());
    assertThat(config.path("dtype").asText()).isEqualTo("bfloat16");
    assertThat(config.has("torch_dtype")).isFalse();

    config.putNull("dtype").put("torch_dtype", "float16");
    CheckpointWriter.write(folder, config, DType.BFLOAT16, List.of());
    assertThat(config.path("torch_dtype").asText()).isEqualTo("bfloat16");
    assertThat(config.has("dtype")).isFalse();
  }

  @Test
  void refusesTiedHeadThatDiffersFromTheTable() throws IOException {
    try (CheckpointFolder tied = TinyCheckpoint.write(folder, TinyCheckpoint.config("llama"))) {
      List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
      for (String name : WeightNames.expected(tied.config()).keySet()) {
        entries.add(
            SafeTensorsWriter.Entry.of(
                name, DType.FLOAT32, tied.load(name, DType.FLOAT32, engine)));
      }
      entries.add(
          SafeTensorsWriter.Entry.of("lm_head.weight", DType.FLOAT32, engine.allocate(11, 8)));
      SafeTensorsWriter.write(folder.resolve("model.safetensors"), entries);
    }
    assertRefused("no place for lm_head.weight");
  }

  @Test
  void refusesFoldersWithoutWeights() throws IOException {
    TinyCheckpoint.write(folder, TinyCheckpoint.config("llama")).close();
    Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
    assertRefused("neither model.safetensors nor model.safetensors.index.json", "converted");
    assertThatThrownBy(() -> CheckpointFolder.open(folder.resolve("none")))
        .hasMessageContaining("Cannot find the checkpoint folder");
  }

  @Test
  void refusesAnIndexThatLies() throws IOException {
    try (Stream<Path> files = Files.list(GoldenModel.modelFolder("qwen2-tiny"))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path index = folder.resolve("model.safetensors.index.json");
    String honest = Files.readString(index);
    Files.writeString(index, honest.replace("00001-of", "00002-of"));
    assertRefused("is not in model-00002-of-00003.safetensors, where it is said to lie");
    Files.writeString(index, honest.replace("model-00001-of", "../model-00001-of"));
    assertRefused("../model-00001-of-00003.safetensors, which is not a file name");
    Files.writeString(index, "{}");
    assertRefused("no weight_map");
    Files.writeString(index, honest);
    Files.delete(folder.resolve("model-00003-of-00003.safetensors"));
    assertRefused("Cannot find", "model-00003-of-00003.safetensors");
  }

  @Test
  void refusesIntegersWhereWeightsShouldBe() throws IOException {
    writeChanged(weights -> {});
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    Files.writeString(
        file, text.replace("\"F32\"", "\"I32\""), java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> CheckpointFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.embed_tokens.weight: its dtype is I32");
  }

  @Test
  void savedWeightsAreACheckpointWithTheSameWeights() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen2");
    Path saved = folder.resolve("saved");
    try (CheckpointFolder base =
        TinyCheckpoint.write(folder.resolve("base"), config, DType.BFLOAT16)) {
      Files.writeString(base.folder().resolve("tokenizer.json"), "{}");
      Files.createDirectory(base.folder().resolve("additional_chat_templates"));
      Files.writeString(base.folder().resolve(TOOL_USE), "tools");
      Files.writeString(base.folder().resolve(TOOL_USE).resolveSibling("rag.jinja"), "rag");
      WeightLayout layout = WeightLayout.of(base.config());
      Tensor parameters = engine.allocate(layout.size());
      layout.load(base, engine, parameters);
      CheckpointWriter.write(saved, base.configJson(), DType.FLOAT32, layout.tensors(parameters));
      CheckpointWriter.copyTokenizer(base.folder(), saved);
      try (CheckpointFolder read = CheckpointFolder.open(saved)) {
        assertThat(read.config().dtype()).isEqualTo("float32");
        assertThat(read.storedType("model.norm.weight")).isEqualTo(DType.FLOAT32);
        Tensor again = engine.allocate(layout.size());
        layout.load(read, engine, again);
        assertThat(again.toArray()).containsExactly(parameters.toArray());
      }
    }
    assertThat(saved.resolve("tokenizer.json")).hasContent("{}");
    assertThat(saved.resolve(TOOL_USE)).hasContent("tools");
    assertThat(saved.resolve(TOOL_USE).resolveSibling("rag.jinja")).hasContent("rag");
  }

  private interface Change {
    void apply(Map<String, long[]> weights);
  }

  /** A checkpoint of zeros with some tensors more, less or different. */
  private void writeChanged(Change change) throws IOException {
    TinyCheckpoint.write(folder, TinyCheckpoint.config("llama")).close();
    DecoderConfig config = DecoderConfig.read(folder.resolve("config.json"));
    Map<String, long[]> weights = new TreeMap<>(WeightNames.expected(config));
    change.apply(weights);
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    weights.forEach(
        (name, shape) ->
            entries.add(SafeTensorsWriter.Entry.of(name, DType.FLOAT32, engine.allocate(shape))));
    SafeTensorsWriter.write(folder.resolve("model.safetensors"), entries);
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> CheckpointFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(parts);
  }
}
