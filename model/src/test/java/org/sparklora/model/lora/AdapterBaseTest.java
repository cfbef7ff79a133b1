package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;

class AdapterBaseTest {
  private static final ObjectNode CONFIG = TinyCheckpoint.config("llama");
  private static final String HEAD_COPY = "base_model.model.lm_head.base_layer.weight";

  private final Engine engine = EnginesUnderTest.reference();
  @TempDir private Path folder;
  private Path base;
  private Path adapter;
  private AdapterLayout layout;

  @BeforeEach
  void writeAnAdapterOnABase() throws IOException {
    base = folder.resolve("base");
    adapter = folder.resolve("adapter");
    try (CheckpointFolder checkpoint = TinyCheckpoint.write(base, CONFIG)) {
      layout =
          AdapterLayout.of(
              new LoraConfig(2, 16, 0, false, LoraTargets.names(List.of("q_proj"))),
              checkpoint.config());
      write(new AdapterBase("org/base", checkpoint.fingerprint()));
    }
  }

  private void write(AdapterBase trainedOn) throws IOException {
    Tensor parameters = TinyCheckpoint.random(new Random(5), 0, 1, layout.size());
    AdapterFile.write(adapter, layout, parameters, trainedOn);
  }

  private AdapterFile open(String name, Path checkpoint) throws IOException {
    try (CheckpointFolder opened = CheckpointFolder.open(checkpoint)) {
      return AdapterFile.open(adapter, name, opened);
    }
  }

  /** The base with one number of one weight changed. */
  private Path changed(String weight, int element) throws IOException {
    Path other = Files.createDirectories(folder.resolve("changed"));
    Files.writeString(other.resolve("config.json"), CONFIG.toString());
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    try (CheckpointFolder checkpoint = CheckpointFolder.open(base)) {
      for (String name : WeightNames.expected(checkpoint.config()).keySet()) {
        Tensor stored = checkpoint.load(name, DType.FLOAT32, engine);
        Tensor copy = engine.allocate(stored.shape());
        float[] values = stored.toArray();
        if (name.equals(weight)) {
          values[element] += 0.1f;
        }
        copy.write(0, values, 0, values.length);
        entries.add(SafeTensorsWriter.Entry.of(name, DType.FLOAT32, copy));
      }
    }
    SafeTensorsWriter.write(other.resolve("model.safetensors"), entries);
    return other;
  }

  /** The base in two files. */
  private Path sharded() throws IOException {
    Path other = Files.createDirectories(folder.resolve("sharded"));
    Files.writeString(other.resolve("config.json"), CONFIG.toString());
    ObjectNode index = new ObjectMapper().createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    List<SafeTensorsWriter.Entry> first = new ArrayList<>();
    List<SafeTensorsWriter.Entry> second = new ArrayList<>();
    try (CheckpointFolder checkpoint = CheckpointFolder.open(base)) {
      for (String name : WeightNames.expected(checkpoint.config()).keySet()) {
        boolean inFirst = first.size() <= second.size();
        (inFirst ? first : second)
            .add(
                SafeTensorsWriter.Entry.of(
                    name, DType.FLOAT32, checkpoint.load(name, DType.FLOAT32, engine)));
        map.put(name, inFirst ? "1.safetensors" : "2.safetensors");
      }
    }
    SafeTensorsWriter.write(other.resolve("1.safetensors"), first);
    SafeTensorsWriter.write(other.resolve("2.safetensors"), second);
    Files.writeString(other.resolve("model.safetensors.index.json"), index.toString());
    return other;
  }

  @Test
  void theModelItWasTrainedOnIsKnownByItsWeights() throws IOException {
    assertThat(open("org/base", base).layout().size()).isEqualTo(layout.size());
    open("/another/place", base);
    open("/another/place", sharded());
    Path rounded = folder.resolve("rounded");
    TinyCheckpoint.write(rounded, CONFIG, DType.BFLOAT16).close();
    open("/another/place", rounded);
  }

  @ParameterizedTest
  @CsvSource({
    "model.embed_tokens.weight, 0",
    "model.embed_tokens.weight, 44",
    "model.layers.1.mlp.down_proj.weight, 15",
    "model.norm.weight, 7"
  })
  void anotherModelOfTheSameShapesIsRefused(String weight, int element) throws IOException {
    Path other = changed(weight, element);
    assertThatThrownBy(() -> open("org/base-instruct", other))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(adapter.toString())
        .hasMessageContaining("to org/base-instruct")
        .hasMessageContaining("trained on org/base, which has other weights")
        .hasMessageContaining("give the model it was trained on");
  }

  /** PEFT saves an adapted head's matrix beside the factors, and loads it over the model's. */
  @Test
  void aCopyOfTheHeadMustBeTheModels() throws IOException {
    LoraConfig ofHead = new LoraConfig(1, 1, 0, false, LoraTargets.names(List.of("lm_head")));
    layout = AdapterLayout.of(ofHead, DecoderConfig.read(base.resolve("config.json")));
    write(new AdapterBase("org/base", ""));
    writeWithHeadOf(base);
    assertThat(open("org/base", base).layout().modules()).containsExactly("lm_head");

    writeWithHeadOf(changed(WeightNames.EMBEDDING, 87)); // the last number
    assertThatThrownBy(() -> open("org/base", base))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(HEAD_COPY)
        .hasMessageContaining("save_embedding_layers=False");
  }

  private void writeWithHeadOf(Path model) throws IOException {
    Tensor factors = TinyCheckpoint.random(new Random(5), 0, 1, layout.size());
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>(layout.tensors(factors));
    try (CheckpointFolder checkpoint = CheckpointFolder.open(model)) {
      Tensor head = checkpoint.load(WeightNames.EMBEDDING, DType.FLOAT32, engine);
      entries.add(SafeTensorsWriter.Entry.of(HEAD_COPY, DType.FLOAT32, head));
      SafeTensorsWriter.write(adapter.resolve(AdapterFile.WEIGHTS), entries);
    }
  }

  @Test
  void whereOnlyNamesAreKnownAnotherNameIsDoubted() throws IOException {
    AdapterBase here = AdapterBase.of("org/base-instruct", base);
    assertThat(here.mismatch(new AdapterBase("org/base", ""), adapter).orElseThrow())
        .contains(adapter.toString())
        .contains("trained on org/base,")
        .contains("applied to org/base-instruct");
    // as PEFT's adapters are
    write(new AdapterBase("org/base", ""));
    open("org/base-instruct", changed("model.norm.weight", 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"org/base", "org/base/", "org/base@v1", ""})
  void equalNamesAreNot(String recorded) {
    assertThat(new AdapterBase("org/base", "0123").mismatch(new AdapterBase(recorded, ""), adapter))
        .isEmpty();
  }

  @Test
  void aFolderHasManyNames() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), base);
    AdapterBase here = new AdapterBase(link.toString(), "0123");
    assertThat(here.mismatch(new AdapterBase(base.toString(), ""), adapter)).isEmpty();
    assertThat(here.mismatch(new AdapterBase(folder.toString(), ""), adapter)).isPresent();
  }
}
