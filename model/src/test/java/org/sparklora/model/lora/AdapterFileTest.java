package org.sparklora.model.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;

class AdapterFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Engine engine = EnginesUnderTest.reference();
  private DecoderConfig model;
  private Tensor parameters;
  private AdapterLayout layout;

  @TempDir Path folder;

  @BeforeEach
  void writeAdapter() throws IOException {
    try (CheckpointFolder checkpoint =
        TinyCheckpoint.write(folder.resolve("base"), TinyCheckpoint.config("llama"))) {
      model = checkpoint.config();
    }
    LoraTargets targets = LoraTargets.names(List.of("q_proj", "down_proj"));
    layout = AdapterLayout.of(new LoraConfig(2, 16, 0.05, true, targets), model);
    parameters = TinyCheckpoint.random(new Random(5), 0, 1, layout.size());
    AdapterFile.write(folder, layout, parameters, new AdapterBase("org/base", ""));
  }

  @Test
  void survivesARoundTrip() throws IOException {
    AdapterFile read = AdapterFile.open(folder, model);
    Tensor again = engine.allocate(layout.size());
    read.load(engine, again);
    assertThat(again.toArray()).containsExactly(parameters.toArray());
    assertThat(read.layout().config()).isEqualTo(layout.config());
  }

  @Test
  void patternsSurviveARoundTripInTheirOrder() throws IOException {
    Map<String, Double> alphas = new LinkedHashMap<>();
    alphas.put("layers\\.1\\.mlp\\.down_proj", 0.5);
    alphas.put("down_proj", 32.0);
    alphas.put("k_proj", 1.0); // no target
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(Map.of("q_proj", 3), alphas);
    LoraTargets targets = layout.config().targets();
    AdapterLayout some =
        AdapterLayout.of(new LoraConfig(2, 16, 0.05, true, targets, patterns), model);
    AdapterFile.write(folder, some, engine.allocate(some.size()), new AdapterBase("base", ""));
    LoraConfig read = AdapterFile.open(folder, model).layout().config();
    assertThat(read).isEqualTo(some.config());
    assertThat(read.patterns().alphas()).containsExactlyEntriesOf(alphas);
    assertThat(JSON.readTree(folder.resolve(AdapterFile.CONFIG).toFile()).get("alpha_pattern"))
        .hasToString("{\"layers\\\\.1\\\\.mlp\\\\.down_proj\":0.5,\"down_proj\":32,\"k_proj\":1}");
  }

  @ParameterizedTest
  @CsvSource({
    "llama-tiny, llama-tiny",
    "llama-tiny, llama-tiny-attn-only",
    "llama-tiny, llama-tiny-r1-a32",
    "llama-tiny, llama-tiny-rslora",
    "qwen3-moe-tiny, qwen3-moe-tiny",
    "qwen3-moe-mixed-tiny, qwen3-moe-mixed-tiny"
  })
  void writesTheBytesThatPeftWrote(String base, String name) throws IOException {
    DecoderConfig tiny = DecoderConfig.read(GoldenModel.modelFolder(base).resolve("config.json"));
    AdapterFile peft = AdapterFile.open(GoldenModel.adapterFolder(name), tiny);
    Tensor factors = engine.allocate(peft.layout().size());
    peft.load(engine, factors);
    AdapterFile.write(
        folder.resolve("again"), peft.layout(), factors, new AdapterBase("models/" + base, ""));

    assertThat(folder.resolve("again").resolve(AdapterFile.WEIGHTS))
        .hasSameBinaryContentAs(GoldenModel.adapterFolder(name).resolve(AdapterFile.WEIGHTS));
    assertSameSettings(
        JSON.readTree(folder.resolve("again").resolve(AdapterFile.CONFIG).toFile()),
        JSON.readTree(GoldenModel.adapterFolder(name).resolve(AdapterFile.CONFIG).toFile()));
  }

  /** What is written has PEFT's value; what PEFT writes besides is off. */
  private static void assertSameSettings(
      com.fasterxml.jackson.databind.JsonNode ours, com.fasterxml.jackson.databind.JsonNode peft) {
    for (Iterator<String> keys = ours.fieldNames(); keys.hasNext(); ) {
      String key = keys.next();
      if (key.equals("target_modules")) { // a set in PEFT, in any order
        assertThat(ours.get(key)).containsExactlyInAnyOrderElementsOf(peft.get(key));
      } else {
        assertThat(ours.get(key)).as(key).isEqualTo(peft.get(key));
      }
    }
    List<String> besides = new ArrayList<>();
    peft.fieldNames()
        .forEachRemaining(
            key -> {
              if (!ours.has(key)
                  && !peft.get(key).isNull()
                  && !peft.get(key).asText().equals("false")) {
                besides.add(key);
              }
            });
    assertThat(besides).containsExactlyInAnyOrder("peft_version", "qalora_group_size");
  }

  @Test
  void targetsAreWrittenAsFullNamesWhereShortOnesWouldNameMore() throws IOException {
    LoraTargets targets = LoraTargets.ofFlag(List.of(".*\\.1\\..*_proj"));
    AdapterLayout some = AdapterLayout.of(new LoraConfig(1, 1, 0, false, targets), model);
    AdapterFile.write(folder, some, engine.allocate(some.size()), new AdapterBase("base", ""));
    assertThat(AdapterFile.open(folder, model).layout().modules())
        .isEqualTo(some.modules())
        .allMatch(module -> module.startsWith("model.layers.1."));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"peft_type\": \"LOHA\"} | peft_type = \"LOHA\"",
        "{\"task_type\": \"SEQ_CLS\"} | task_type = \"SEQ_CLS\"",
        "{\"bias\": \"lora_only\"} | bias = \"lora_only\"",
        "{\"use_dora\": true} | use_dora = true",
        "{\"use_qalora\": true} | use_qalora = true",
        "{\"lora_bias\": true} | lora_bias = true",
        "{\"fan_in_fan_out\": true} | fan_in_fan_out = true",
        "{\"modules_to_save\": [\"lm_head\"]} | modules_to_save = [\"lm_head\"]",
        "{\"layer_replication\": [[0, 1]]} | layer_replication = [[0,1]]",
        "{\"layers_to_transform\": [0], \"target_modules\": \".*q_proj\"} | layers_to_transform = [0]",
        "{\"layers_to_transform\": [0], \"layers_pattern\": \"(\"} | Cannot use layers_pattern",
        "{\"rank_pattern\": {\"q_proj\": 0}} | rank_pattern.q_proj = 0",
        "{\"alpha_pattern\": {\"q_proj\": 0}} | alpha_pattern = q_proj: 0.0",
        "{\"alpha_pattern\": {\"q_proj\": \"8\"}} | alpha_pattern.q_proj = \"8\"",
        "{\"alpha_pattern\": {\"(\": 8}} | Cannot use alpha_pattern",
        "{\"alpha_pattern\": 8} | alpha_pattern = 8",
        "{\"trainable_token_indices\": [1]} | trainable_token_indices = [1]",
        "{\"target_parameters\": [\"mlp.up_proj.weight\"], \"alpha_pattern\": {\"up_proj\": 8}} | alpha_pattern = {\"up_proj\":8}",
        "{\"target_parameters\": [\"x\"]} | target_parameters = [\"x\"]",
        "{\"alora_invocation_tokens\": [1]} | alora_invocation_tokens = [1]",
        "{\"init_lora_weights\": \"pissa_niter_4\"} | init_lora_weights = \"pissa_niter_4\"",
        "{\"init_lora_weights\": \"OLoRA\"} | init_lora_weights = \"OLoRA\"",
        "{\"r\": 0} | lora_r = 0",
        "{\"r\": \"x\"} | Cannot use r = \"x\"",
        "{\"target_modules\": 5} | target_modules = 5",
        "{\"target_modules\": [\"c_attn\"]} | Cannot find a linear layer for target_modules [c_attn]",
        "{\"target_modules\": \"(\"} | not a regular expression"
      })
  void refusesWhatIsNotPlainLoraByKeyAndValue(String changes, String message) throws IOException {
    change(changes);
    assertThatThrownBy(() -> AdapterFile.open(folder, model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(folder.toString());
  }

  /** PEFT has this word as a target alone. */
  @ParameterizedTest
  @ValueSource(strings = {"\"all-linear\"", "[\"All-Linear\", \"k_proj\"]"})
  void allLinearExcludesNothing(String excluded) throws IOException {
    List<String> modules = AdapterFile.open(folder, model).layout().modules();
    change("{\"exclude_modules\": %s}".formatted(excluded));
    assertThat(AdapterFile.open(folder, model).layout().modules()).isEqualTo(modules);
  }

  /** Changes settings of the adapter in the folder. */
  private void change(String settings) throws IOException {
    Path file = folder.resolve(AdapterFile.CONFIG);
    ObjectNode config = (ObjectNode) JSON.readTree(file.toFile());
    config.setAll((ObjectNode) JSON.readTree(settings));
    Files.writeString(file, config.toString());
  }

  @Test
  void refusesAdaptersOfAnotherModelByName() throws IOException {
    ObjectNode wider = TinyCheckpoint.config("llama").put("intermediate_size", 13);
    assertRefused(wider, "mlp.down_proj.lora_A.weight has shape [2, 12]", "ask for [2, 13]");
    assertRefused(wider, "the model and r = 2 of adapter_config.json");
    ObjectNode deeper = TinyCheckpoint.config("llama").put("num_hidden_layers", 3);
    assertRefused(deeper, "it lacks 4 factors", "model.layers.2.mlp.down_proj.lora_A.weight");
    ObjectNode shallower = TinyCheckpoint.config("llama").put("num_hidden_layers", 1);
    assertRefused(shallower, "no place for 4 of its tensors", "model.layers.1.mlp.down_proj");
  }

  @Test
  void namesThePatternThatMayHaveDecidedARank() throws IOException {
    change("{\"rank_pattern\": {\"down_proj\": 3}}");
    assertRefused(
        TinyCheckpoint.config("llama"),
        "mlp.down_proj.lora_A.weight has shape [2, 12]",
        "r or rank_pattern of adapter_config.json ask for [3, 12]");
  }

  private void assertRefused(ObjectNode otherModel, String... parts) throws IOException {
    Path other = Files.writeString(folder.resolve("other.json"), otherModel.toString());
    DecoderConfig config = DecoderConfig.read(other);
    assertThatThrownBy(() -> AdapterFile.open(folder, config))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(parts);
  }

  @Test
  void ignoresTheCopyOfTheHeadThatPeftSavesBesideItsFactors() throws IOException {
    AdapterLayout head =
        AdapterLayout.of(
            new LoraConfig(1, 1, 0, false, LoraTargets.names(List.of("lm_head"))), model);
    AdapterFile.write(folder, head, engine.allocate(head.size()), new AdapterBase("base", ""));
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    try (SafeTensors file = SafeTensors.open(folder.resolve(AdapterFile.WEIGHTS))) {
      for (SafeTensors.TensorInfo info : file.tensors().values()) {
        entries.add(
            SafeTensorsWriter.Entry.of(
                info.name(), DType.FLOAT32, file.load(info.name(), DType.FLOAT32, engine)));
      }
    }
    String copy = "base_model.model.lm_head.base_layer.weight";
    entries.add(SafeTensorsWriter.Entry.of(copy, DType.FLOAT32, engine.allocate(11, 8)));
    SafeTensorsWriter.write(folder.resolve(AdapterFile.WEIGHTS), entries);
    assertThat(AdapterFile.open(folder, model).layout().modules()).containsExactly("lm_head");

    for (String whole :
        List.of(
            "base_model.model.model.embed_tokens.weight", // of save_embedding_layers
            "base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight")) {
      List<SafeTensorsWriter.Entry> more = new ArrayList<>(entries);
      more.add(SafeTensorsWriter.Entry.of(whole, DType.FLOAT32, engine.allocate(11, 8)));
      SafeTensorsWriter.write(folder.resolve(AdapterFile.WEIGHTS), more);
      assertThatThrownBy(() -> AdapterFile.open(folder, model))
          .hasMessageContaining(whole)
          .hasMessageContaining("save_embedding_layers=False");
    }
  }

  /** PEFT's own defaults, which its first versions left out of the file. */
  @Test
  void rankAndAlphaThatAreNotNamedAreEight() throws IOException {
    AdapterLayout eight =
        AdapterLayout.of(
            new LoraConfig(8, 8, 0, false, LoraTargets.names(List.of("q_proj"))), model);
    AdapterFile.write(folder, eight, engine.allocate(eight.size()), new AdapterBase("base", ""));
    Path file = folder.resolve(AdapterFile.CONFIG);
    ObjectNode config = (ObjectNode) JSON.readTree(file.toFile());
    config.remove(List.of("r", "lora_alpha"));
    Files.writeString(file, config.toString());
    assertThat(AdapterFile.open(folder, model).layout().config()).isEqualTo(eight.config());
  }

  @Test
  void readsAnAdapterOfSomeLayersByIndex() throws IOException {
    LoraTargets second = LoraTargets.ofFlag(List.of(".*\\.1\\..*q_proj"));
    AdapterLayout some = AdapterLayout.of(new LoraConfig(1, 1, 0, false, second), model);
    AdapterFile.write(folder, some, engine.allocate(some.size()), new AdapterBase("base", ""));
    for (String layers : List.of("1", "[1]")) {
      change("{\"target_modules\": [\"q_proj\"], \"layers_to_transform\": %s}".formatted(layers));
      assertThat(AdapterFile.open(folder, model).layout().modules()).isEqualTo(some.modules());
    }
  }

  /** PEFT gives a linear layer's weight the factors of the layer. */
  @Test
  void readsLayersThatOnlyTargetParametersNames() throws IOException {
    LoraTargets both = LoraTargets.names(List.of("q_proj", "gate_proj"));
    AdapterLayout dense = AdapterLayout.of(new LoraConfig(1, 1, 0, false, both), model);
    AdapterFile.write(folder, dense, engine.allocate(dense.size()), new AdapterBase("base", ""));
    change(
        """
        {"target_modules": ["q_proj"], "target_parameters": ["mlp.gate_proj.weight"]}""");
    assertThat(AdapterFile.open(folder, model).layout().modules()).isEqualTo(dense.modules());
  }

  /** PEFT keeps B of MiCA as it is, which is the adapter's only difference from plain LoRA. */
  @Test
  void anAdapterOfWhichPeftTrainsAAloneIsUsedButNotTrained() throws IOException {
    assertThat(AdapterFile.open(folder, model).trainable().layout()).isNotNull();
    change("{\"init_lora_weights\": \"mica\"}");
    AdapterFile mica = AdapterFile.open(folder, model);
    assertThatThrownBy(mica::trainable)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("init_lora_weights = \"mica\"")
        .hasMessageContaining("merge_and_unload");
  }

  @Test
  void saysWhatToDoWithVariantsThatPeftCanMerge() throws IOException {
    for (String variant :
        List.of("{\"use_dora\": true}", "{\"bias\": \"all\"}", "{\"peft_type\": \"IA3\"}")) {
      AdapterFile.write(folder, layout, parameters, new AdapterBase("org/base", ""));
      change(variant);
      assertThatThrownBy(() -> AdapterFile.open(folder, model))
          .hasMessageContaining("merge_and_unload");
    }
  }

  @Test
  void saysWhatToDoWithAPickledAdapter() throws IOException {
    Files.move(folder.resolve(AdapterFile.WEIGHTS), folder.resolve("adapter_model.bin"));
    assertThatThrownBy(() -> AdapterFile.open(folder, model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("adapter_model.bin")
        .hasMessageContaining("save it again");
  }

  @Test
  void refusesFoldersWithoutAdapter() {
    assertThatThrownBy(() -> AdapterFile.open(folder.resolve("base"), model))
        .hasMessageContaining("Cannot find")
        .hasMessageContaining(AdapterFile.CONFIG);
  }
}
