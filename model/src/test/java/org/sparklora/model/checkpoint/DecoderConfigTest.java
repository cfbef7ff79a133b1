package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.CheckpointException;

class DecoderConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @Test
  void readsTheLayoutOfTransformers4() throws IOException {
    DecoderConfig config = golden("llama-tiny");
    assertThat(rope(config).theta()).isEqualTo(500_000);
    assertThat(rope(config).scaling()).isEqualTo(new RopeScaling.Llama3(32, 1, 4, 64));
    assertThat(config.dtype()).isEqualTo("float32");
    assertThat(config.padTokenId()).hasValue(3);
    assertThat(config.tieWordEmbeddings()).isTrue();
    assertThat(config.attention().queryKeyValueBias()).isFalse();
  }

  /** PyTorch counts a negative padding_idx from the end of the table. */
  @Test
  void paddingTokenMinusOneIsTheLastRow() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama"); // 11 rows
    assertThat(read(config.put("pad_token_id", -1)).padTokenId()).hasValue(10);
    assertThat(read(config.putNull("pad_token_id")).padTokenId()).isEmpty();
  }

  @Test
  void readsTheLayoutOfTransformers5() throws IOException {
    DecoderConfig config = golden("qwen3-tiny");
    assertThat(rope(config).theta()).isEqualTo(1_000_000);
    assertThat(rope(config).scaling()).isEqualTo(new RopeScaling.None());
    assertThat(config.heads().size()).isEqualTo(32);
    assertThat(config.headNorm(Projection.QUERY)).as("elements of q_norm").isEqualTo(32);
    assertThat(config.tieWordEmbeddings()).isFalse();
  }

  @Test
  void qwen2HasBiasesOnQueryKeyAndValueOnly() throws IOException {
    DecoderConfig config = golden("qwen2-tiny");
    assertThat(config.attention().queryKeyValueBias()).isTrue();
    assertThat(config.attention().outputBias()).isFalse();
    assertThat(config.heads().size()).as("hidden_size / num_attention_heads").isEqualTo(16);
  }

  @Test
  void smolLm3HasLayersWithoutRotation() throws IOException {
    assertThat(rotated(golden("smollm3-tiny"))).containsExactly(true, false, true, false);
    ObjectNode config = TinyCheckpoint.config("smollm3").put("num_hidden_layers", 5);
    assertThat(rotated(read(config))).containsExactly(true, true, true, false, true);
    config.put("no_rope_layer_interval", 2);
    assertThat(rotated(read(config))).containsExactly(true, false, true, false, true);
  }

  @Test
  void ropeParametersWinOverRopeTheta() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("rope_theta", 5.0);
    config
        .putObject("rope_parameters")
        .put("rope_type", "linear")
        .put("factor", 4)
        .put("rope_theta", 7.0);
    assertThat(rope(read(config)).theta()).isEqualTo(7);
    assertThat(rope(read(config)).scaling()).isEqualTo(new RopeScaling.Linear(4));
  }

  /** What convert_rope_params_to_dict of transformers 5.24 does with a file edited by hand. */
  @Test
  void ropeScalingWinsOverRopeParameters() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama");
    config.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 7.0);
    config.putObject("rope_scaling").put("rope_type", "linear").put("factor", 4);
    assertThat(rope(read(config)).theta()).isEqualTo(10_000);
    assertThat(rope(read(config)).scaling()).isEqualTo(new RopeScaling.Linear(4));
    config.putObject("rope_scaling");
    assertThat(rope(read(config)).theta()).isEqualTo(7);
  }

  @Test
  void positionsAndWindowsThatAreNotNamedHaveTransformersDefaults() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen2");
    assertThat(read(config).maxPositionEmbeddings()).isEqualTo(32_768);
    config.put("use_sliding_window", true).put("max_window_layers", 1);
    assertThat(windows(read(config))).containsExactly(Branch.ALL, 4096);
    config.putNull("sliding_window");
    assertThat(windows(read(config))).containsOnly(Branch.ALL);
  }

  @Test
  void llama3ScalingFallsBackToMaxPositions() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("max_position_embeddings", 99);
    config
        .putObject("rope_scaling")
        .put("type", "llama3")
        .put("factor", 8)
        .put("low_freq_factor", 1)
        .put("high_freq_factor", 4);
    assertThat(rope(read(config)).scaling()).isEqualTo(new RopeScaling.Llama3(8, 1, 4, 99));
  }

  /** _compute_yarn_parameters of transformers 5.24 takes 0 for a missing number. */
  @Test
  void yarnNumbersOfZeroHaveTheirDefaults() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("max_position_embeddings", 256);
    ObjectNode rope = config.putObject("rope_parameters").put("rope_type", "yarn");
    rope.put("factor", 4).put("original_max_position_embeddings", 64);
    rope.put("mscale", 1).put("mscale_all_dim", 0).put("beta_fast", 0).put("truncate", false);
    assertThat(rope(read(config)).scaling())
        .isEqualTo(new RopeScaling.Yarn(4, 32, 1, 0.1 * Math.log(4) + 1, 64, false));
  }

  /** standardize_rope_params and _compute_longrope_parameters of transformers 5.24. */
  @Test
  void longRopeReadsItsFactorsAndDerivesWhatIsMissing() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("max_position_embeddings", 256);
    ObjectNode rope = config.putObject("rope_parameters").put("rope_type", "longrope");
    rope.putArray("short_factor").add(1).add(1.1);
    rope.putArray("long_factor").add(2).add(4.4);
    assertThat(rope(read(config)).scaling()).isEqualTo(longRope(1, 256));
    rope.put("original_max_position_embeddings", 64);
    double ofRatio = Math.sqrt(1 + Math.log(4) / Math.log(64));
    assertThat(rope(read(config)).scaling()).isEqualTo(longRope(ofRatio, 64));
    assertThat(read(config).ropeSwitches()).containsExactly(64);
    config.put("original_max_position_embeddings", 16); // beside the parameters
    double ofFactor = Math.sqrt(1 + Math.log(2) / Math.log(16));
    rope.put("factor", 2);
    assertThat(rope(read(config)).scaling()).isEqualTo(longRope(ofFactor, 16));
    rope.put("attention_factor", 1.5);
    assertThat(rope(read(config)).scaling()).isEqualTo(longRope(1.5, 16));
  }

  private static RopeScaling longRope(double attentionFactor, int longestShortText) {
    return new RopeScaling.LongRope(
        List.of(1f, 1.1f), List.of(2f, 4.4f), attentionFactor, longestShortText);
  }

  @Test
  void dynamicScalingLimitsTextsToTheContext() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("max_position_embeddings", 256);
    assertThat(read(config).longestText()).isEqualTo(Integer.MAX_VALUE);
    config.putObject("rope_scaling").put("type", "dynamic").put("factor", 2);
    assertThat(read(config).longestText()).isEqualTo(256);
    assertThat(read(config).ropeSwitches()).containsExactly(256);
  }

  @Test
  void unusedSlidingWindowIsNoObstacle() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen2");
    config.put("use_sliding_window", false).put("sliding_window", 32768);
    assertThat(read(config).family()).isEqualTo(ModelFamily.QWEN2);
    config.put("use_sliding_window", true).put("max_window_layers", 2); // no layer is beyond it
    assertThat(read(config).family()).isEqualTo(ModelFamily.QWEN2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_type\": \"mixtral\"} | model_type = mixtral",
        "{\"hidden_act\": \"gelu\"} | hidden_act = gelu",
        "{\"quantization_config\": {\"quant_method\": \"gptq\"}} | quantization_config = gptq",
        "{\"attention_dropout\": 0.1} | attention_dropout = 0.1",
        "{\"rope_scaling\": {\"rope_type\": \"su\", \"factor\": 4}} | rope_type = su",
        "{\"rope_scaling\": {\"rope_type\": \"dynamic\"}} | rope factor",
        "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1, 2]}} | rope_scaling.long_factor is missing",
        "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": 3}} | rope_scaling.short_factor = 3",
        "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1]}} | rope_scaling.short_factor = 1 numbers",
        "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1, \"2\"]}} | rope_scaling.short_factor = \"2\"",
        "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1, 2], \"long_factor\": [4, 0]}} | rope_scaling.long_factor = 0",
        "{\"rope_scaling\": {\"rope_type\": \"linear\"}} | rope factor",
        "{\"rope_theta\": 0} | rope_theta = 0.0",
        "{\"partial_rotary_factor\": 0.5} | partial_rotary_factor = 0.5",
        "{\"is_causal\": false} | is_causal = false",
        "{\"transformers_weights\": \"other.safetensors\"} | transformers_weights = other.safetensors",
        "{\"num_experts\": 8} | num_experts = 8",
        "{\"model_type\": \"qwen3_moe\", \"num_experts\": 4, \"num_experts_per_tok\": 5} | num_experts_per_tok = 5",
        "{\"model_type\": \"qwen3_moe\", \"decoder_sparse_step\": 0} | decoder_sparse_step = 0",
        "{\"model_type\": \"qwen3_moe\", \"num_experts\": 1000000} | num_experts = 1000000",
        "{\"model_type\": \"qwen3_moe\", \"router_aux_loss_coef\": -1} | router_aux_loss_coef = -1.0",
        "{\"model_type\": \"qwen2\", \"layer_types\": [\"full_attention\", \"chunked_attention\"]} | layer_types = chunked_attention",
        "{\"model_type\": \"qwen2\", \"use_sliding_window\": true, \"sliding_window\": 16, \"layer_types\": [\"full_attention\"]} | layer_types = 1 entries",
        "{\"model_type\": \"gemma3_text\", \"sliding_window\": null} | sliding_window is missing",
        "{\"model_type\": \"gemma3_text\", \"final_logit_softcapping\": 30.0} | final_logit_softcapping = 30.0",
        "{\"model_type\": \"gemma3_text\", \"attn_logit_softcapping\": 50.0} | attn_logit_softcapping = 50.0",
        "{\"model_type\": \"gemma3_text\", \"use_bidirectional_attention\": true} | use_bidirectional_attention = true",
        "{\"model_type\": \"gemma3_text\", \"hidden_activation\": \"gelu\"} | hidden_activation = gelu",
        "{\"model_type\": \"gemma3_text\", \"query_pre_attn_scalar\": 0} | query_pre_attn_scalar = 0.0",
        "{\"model_type\": \"gemma3_text\", \"rope_local_base_freq\": -1} | rope_local_base_freq = -1.0",
        "{\"model_type\": \"gemma3_text\", \"rope_parameters\": {\"rope_type\": \"default\"}} | rope_parameters = {\"rope_type\":\"default\"}",
        "{\"model_type\": \"gemma3\", \"text_config\": {}} | save the text model alone",
        "{\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4, \"truncate\": null}} | rope_scaling.truncate = null",
        "{\"model_type\": \"smollm3\", \"use_sliding_window\": false, \"sliding_window\": 16, \"layer_types\": [\"sliding_attention\", \"full_attention\"]} | layer_types = sliding_attention",
        "{\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}} | rope_parameters = full_attention",
        "{\"model_type\": \"smollm3\", \"no_rope_layers\": [1]} | no_rope_layers = [1]",
        "{\"hidden_size\": 0} | hidden_size = 0",
        "{\"hidden_size\": 8.5} | hidden_size = 8.5",
        "{\"hidden_size\": null} | hidden_size is missing",
        "{\"head_dim\": 3} | head_dim = 3",
        "{\"num_attention_heads\": 3, \"num_key_value_heads\": 2} | num_key_value_heads = 2",
        "{\"tie_word_embeddings\": \"yes\"} | tie_word_embeddings = \"yes\"",
        "{\"num_hidden_layers\": 2147483647} | num_hidden_layers = 2147483647",
        "{\"vocab_size\": 1000000000} | vocab_size = 1000000000",
        "{\"num_attention_heads\": 60000, \"num_key_value_heads\": 60000, \"head_dim\": 60000} | num_attention_heads = 60000",
        "{\"rope_scaling\": \"linear\"} | rope_scaling = \"linear\"",
        "{\"rope_scaling\": 5} | rope_scaling = 5",
        "{\"rope_scaling\": []} | rope_scaling = []",
        "{\"rope_parameters\": true} | rope_parameters = true",
        "{\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": \"8\"}} | rope_scaling.factor = \"8\"",
        "{\"rms_norm_eps\": \"1e-5\"} | rms_norm_eps = \"1e-5\"",
        "{\"rms_norm_eps\": null} | rms_norm_eps = null",
        "{\"attention_bias\": 0} | attention_bias = 0",
        "{\"pad_token_id\": \"3\"} | pad_token_id = \"3\"",
        "{\"pad_token_id\": 11} | pad_token_id = 11",
        "{\"max_position_embeddings\": 2048.0} | max_position_embeddings = 2048.0",
        "{\"hidden_act\": null} | hidden_act = null",
        "{\"dtype\": \"bfloat\"} | dtype = bfloat"
      })
  void refusesWhatItCannotComputeByKeyAndValue(String changes, String message) throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama");
    config.setAll((ObjectNode) JSON.readTree(changes));
    assertThatThrownBy(() -> read(config))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("config.json");
  }

  @Test
  void refusesWhatIsNotJson() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{\"a\": ");
    assertThatThrownBy(() -> DecoderConfig.read(file)).hasMessageContaining("not JSON at line 1");
    Files.writeString(file, "[]");
    assertThatThrownBy(() -> DecoderConfig.read(file)).hasMessageContaining("not a JSON object");
    assertThatThrownBy(() -> DecoderConfig.read(folder.resolve("none/config.json")))
        .hasMessageContaining("Cannot find");
  }

  @Test
  void layersHaveTheWindowsOfTransformersDefaults() throws IOException {
    ObjectNode mistral = TinyCheckpoint.config("mistral").put("sliding_window", 16);
    assertThat(windows(read(mistral))).containsOnly(16);
    assertThat(windows(read(mistral.putNull("sliding_window")))).containsOnly(Branch.ALL);
    ObjectNode gemma = TinyCheckpoint.config("gemma3_text").put("num_hidden_layers", 7);
    gemma.put("sliding_window", 512);
    assertThat(windows(read(gemma))).containsExactly(512, 512, 512, 512, 512, Branch.ALL, 512);
    ObjectNode olmo = TinyCheckpoint.config("olmo3").put("num_hidden_layers", 5);
    olmo.put("sliding_window", 8).put("sliding_window_pattern", 2); // which Olmo3Config ignores
    assertThat(windows(read(olmo))).containsExactly(8, 8, 8, Branch.ALL, 8);
    ObjectNode qwen = TinyCheckpoint.config("qwen3").put("use_sliding_window", true);
    qwen.put("sliding_window", 8)
        .putArray("layer_types")
        .add("sliding_attention")
        .add("full_attention");
    assertThat(windows(read(qwen))).containsExactly(8, Branch.ALL);
  }

  @Test
  void gemma3RotatesLayersWithAWindowByAnotherBase() throws IOException {
    ObjectNode gemma = TinyCheckpoint.config("gemma3_text").put("sliding_window_pattern", 2);
    gemma.putObject("rope_scaling").put("rope_type", "linear").put("factor", 8);
    List<DecoderConfig.Layer> layers = read(gemma).layers();
    assertThat(layers.get(0).rope())
        .hasValue(new DecoderConfig.Rope(10_000, new RopeScaling.None()));
    assertThat(layers.get(1).rope())
        .hasValue(new DecoderConfig.Rope(1_000_000, new RopeScaling.Linear(8)));
  }

  /**
   * convert_rope_params_to_dict of Gemma3TextConfig in transformers 5.24; neither the positions
   * beside the sets nor truncate in a set are read.
   */
  @Test
  void ropeScalingChangesTheParametersOfFullAttention() throws IOException {
    ObjectNode gemma = TinyCheckpoint.config("gemma3_text").put("sliding_window_pattern", 2);
    gemma.put("max_position_embeddings", 256).put("original_max_position_embeddings", 16);
    ObjectNode full = gemma.putObject("rope_parameters").putObject("full_attention");
    full.put("rope_type", "default").put("rope_theta", 7.0);
    ObjectNode older = gemma.putObject("rope_scaling").put("rope_type", "yarn");
    older.put("factor", 4).put("truncate", false);
    assertThat(read(gemma).layers().get(1).rope())
        .hasValue(
            new DecoderConfig.Rope(
                7, new RopeScaling.Yarn(4, 32, 1, 0.1 * Math.log(4) + 1, 256, true)));
    gemma.remove("rope_parameters");
    gemma.putObject("rope_scaling").put("type", "linear").put("factor", 8); // not rope_type
    assertThat(read(gemma).layers().get(1).rope())
        .hasValue(new DecoderConfig.Rope(1_000_000, new RopeScaling.None()));
  }

  @Test
  void biasesThatTheFamilyDoesNotReadAreIgnored() throws IOException {
    DecoderConfig llama = read(biased("llama"));
    assertThat(llama.attention().queryKeyValueBias()).isTrue();
    assertThat(llama.attention().outputBias()).isTrue();
    assertThat(llama.mlpBias()).isTrue();
    DecoderConfig qwen3 = read(biased("qwen3"));
    assertThat(qwen3.attention().outputBias()).isTrue();
    assertThat(qwen3.mlpBias()).isFalse();
    DecoderConfig mistral = read(biased("mistral"));
    assertThat(mistral.attention().queryKeyValueBias()).isFalse();
    assertThat(mistral.attention().outputBias()).isFalse();
  }

  private static ObjectNode biased(String modelType) {
    return TinyCheckpoint.config(modelType).put("attention_bias", true).put("mlp_bias", true);
  }

  /** NewGELUActivation of transformers computes what GELUTanh does. */
  @Test
  void gelusByATanhHaveSeveralNames() throws IOException {
    for (String name : List.of("gelu_pytorch_tanh", "gelu_new", "gelu_fast")) {
      ObjectNode config = TinyCheckpoint.config("llama").put("hidden_act", name);
      assertThat(read(config).gate()).isEqualTo(GateFunction.GELU_TANH);
    }
  }

  /** Gemma3TextScaledWordEmbedding: a buffer of √640, cast to the weights' type. */
  @Test
  void gemma3ScalesEmbeddingsByARootThatIsRoundedWithTheWeights() throws IOException {
    DecoderConfig gemma = read(TinyCheckpoint.config("gemma3_text").put("hidden_size", 640));
    assertThat(gemma.embeddingScale(DType.FLOAT32)).isEqualTo(25.298222f);
    assertThat(gemma.embeddingScale(DType.BFLOAT16)).isEqualTo(25.25f);
    assertThat(read(TinyCheckpoint.config("llama")).embeddingScale(DType.BFLOAT16)).isEqualTo(1);
  }

  @Test
  void qwen3MoeHasExpertsInTheLayersThatItSays() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3_moe").put("num_hidden_layers", 5);
    assertThat(experts(read(config))).containsOnly(true);
    config.put("decoder_sparse_step", 2).putArray("mlp_only_layers").add(3);
    assertThat(experts(read(config))).containsExactly(false, true, false, false, false);
    assertThat(read(config).layers().get(1).experts())
        .hasValue(new DecoderConfig.Experts(3, 2, false, 6, 0.001));
    config.put("num_local_experts", 4); // the name of transformers 5
    assertThat(read(config).experts().orElseThrow().count()).isEqualTo(4);
    config.remove("num_experts");
    config.put("num_local_experts", 0);
    assertThat(experts(read(config))).containsOnly(false);
    config.remove("num_local_experts");
    assertThat(read(config).experts().orElseThrow().count()).isEqualTo(128);
    config.put("use_sliding_window", true).put("sliding_window", 7);
    assertThat(windows(read(config))).containsOnly(7);
  }

  private static List<Boolean> experts(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.experts().isPresent()).toList();
  }

  private static DecoderConfig.Rope rope(DecoderConfig config) {
    return config.layers().get(0).rope().orElseThrow();
  }

  private static List<Boolean> rotated(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.rope().isPresent()).toList();
  }

  private static List<Integer> windows(DecoderConfig config) {
    return config.layers().stream().map(DecoderConfig.Layer::window).toList();
  }

  private static DecoderConfig golden(String name) throws IOException {
    return DecoderConfig.read(GoldenModel.modelFolder(name).resolve("config.json"));
  }

  private DecoderConfig read(ObjectNode config) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, config.toString());
    return DecoderConfig.read(file);
  }
}
