package org.sparklora.model.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.sparklora.model.checkpoint.CheckpointException;
import org.sparklora.model.checkpoint.JsonFile;

/**
 * PEFT's {@code adapter_config.json}. Whatever it can say that changes the arithmetic and is not
 * plain LoRA is refused by key and value: an adapter that is applied wrongly looks like one that
 * was trained badly.
 */
final class AdapterConfigJson {

  /** Keys that are harmless only when false, null, zero or empty. */
  private static final Set<String> MUST_BE_OFF =
      Set.of(
          "alora_invocation_tokens",
          "alpha_pattern",
          "arrow_config",
          "fan_in_fan_out",
          "kasa_config",
          "layer_replication",
          "lora_bias",
          "modules_to_save",
          "monteclora_config",
          "rank_pattern",
          "target_parameters",
          "trainable_token_indices",
          "use_bdlora",
          "use_dora",
          "use_qalora",
          "velora_config");

  /**
   * Initialisations that change the base weights, so that the factors alone are not the adapter.
   * PEFT converts them on request and then says {@code true}.
   */
  private static final Set<String> CHANGES_BASE =
      Set.of("pissa", "olora", "corda", "loftq", "lora_ga");

  private static final String LAYERS = "layers_to_transform";
  private static final String BASE = "base_model_name_or_path";

  /** What PEFT reads where a file does not name {@code r} or {@code lora_alpha}. */
  private static final int DEFAULT = 8;

  /** PEFT can merge whatever it can train, and a merged model needs no adapter. */
  static final String MERGE =
      "merge the adapter into its base model with PEFT (merge_and_unload) and give the merged model";

  private AdapterConfigJson() {}

  /** What the base model was called; the empty string where the file does not say. */
  static String baseModel(Path file) throws IOException {
    return JsonFile.read(file).path(BASE).asText("").replaceFirst("^null$", "");
  }

  static LoraConfig read(Path file) throws IOException {
    ObjectNode json = JsonFile.read(file);
    require(file, json, "peft_type", Set.of("LORA"), "only LoRA adapters can be applied; " + MERGE);
    String task = json.path("task_type").asText("CAUSAL_LM");
    if (!task.equals("CAUSAL_LM") && !task.equals("null")) {
      throw refusal(
          file,
          "task_type",
          json.get("task_type"),
          "only CAUSAL_LM is supported; give an adapter that was trained to continue text");
    }
    if (json.hasNonNull("bias")) {
      require(file, json, "bias", Set.of("none"), "trained biases are not supported; " + MERGE);
    }
    for (String key : MUST_BE_OFF) {
      if (isOn(json.path(key))) {
        throw refusal(file, key, json.get(key), "this variant of LoRA is not supported; " + MERGE);
      }
    }
    String initialisation = json.path("init_lora_weights").asText("true");
    if (CHANGES_BASE.stream().anyMatch(initialisation::startsWith)) {
      throw refusal(
          file,
          "init_lora_weights",
          json.get("init_lora_weights"),
          "it changes the base weights; let PEFT convert the adapter to plain LoRA when saving it");
    }
    try {
      return new LoraConfig(
          json.has("r") ? json.get("r").asInt() : DEFAULT,
          json.has("lora_alpha") ? json.get("lora_alpha").asDouble() : DEFAULT,
          json.path("lora_dropout").asDouble(0),
          json.path("use_rslora").asBoolean(false),
          new LoraTargets(targets(file, json), rule(file, json, "exclude_modules")));
    } catch (CheckpointException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(e.getMessage() + " (" + file + ")", e);
    }
  }

  private static boolean isOn(JsonNode node) {
    return switch (node.getNodeType()) {
      case BOOLEAN -> node.asBoolean();
      case ARRAY, OBJECT -> !node.isEmpty();
      case MISSING, NULL -> false;
      default -> true;
    };
  }

  private static LoraTargets.Rule targets(Path file, JsonNode json) {
    LoraTargets.Rule rule = rule(file, json, "target_modules");
    List<Integer> indexes = new ArrayList<>();
    JsonNode layers = json.path(LAYERS);
    for (JsonNode index : layers.isNumber() ? List.of(layers) : layers) {
      indexes.add(index.intValue());
    }
    if (indexes.isEmpty()) {
      return rule;
    }
    if (!(rule instanceof LoraTargets.Names names) || json.get("target_modules").isTextual()) {
      throw refusal(
          file,
          LAYERS,
          layers,
          "it needs a list as target_modules; let the expression name layers");
    }
    List<String> patterns = new ArrayList<>();
    JsonNode pattern = json.path("layers_pattern");
    for (JsonNode one : pattern.isTextual() ? List.of(pattern) : pattern) {
      patterns.add(one.asText());
    }
    patterns.removeIf(String::isEmpty);
    return new LoraTargets.Layers(names, indexes, patterns);
  }

  private static LoraTargets.Rule rule(Path file, JsonNode json, String key) {
    JsonNode node = json.path(key);
    if (node.isTextual()) {
      String text = node.asText();
      return text.equalsIgnoreCase(LoraTargets.ALL_LINEAR)
          ? new LoraTargets.Names(List.of(text))
          : new LoraTargets.Expression(text);
    }
    if (!node.isArray() && !node.isNull() && !node.isMissingNode()) {
      throw refusal(file, key, node, "must be a list of names or one regular expression");
    }
    List<String> names = new ArrayList<>();
    node.forEach(name -> names.add(name.asText()));
    return new LoraTargets.Names(names);
  }

  private static void require(
      Path file, JsonNode json, String key, Set<String> allowed, String remedy) {
    if (!allowed.contains(json.path(key).asText())) {
      throw refusal(file, key, json.path(key), remedy);
    }
  }

  private static CheckpointException refusal(Path file, String key, JsonNode value, String remedy) {
    return new CheckpointException(
        "Cannot use %s = %s (%s): %s"
            .formatted(key, value.isMissingNode() ? "nothing" : value, file, remedy));
  }

  /**
   * The file as PEFT writes it after training, keys in its order. Keys of newer PEFT versions whose
   * value would be null are left out, so that older versions read the file without a warning.
   */
  static ObjectNode of(AdapterLayout layout, String baseModel) {
    LoraConfig config = layout.config();
    ObjectNode json = JsonFile.newObject();
    json.putObject("alpha_pattern");
    json.putNull("auto_mapping");
    json.put(BASE, baseModel);
    json.put("bias", "none");
    json.putNull("exclude_modules"); // target_modules says which layers are left
    json.put("fan_in_fan_out", false);
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    json.putNull("layer_replication");
    json.putNull("layers_pattern");
    json.putNull(LAYERS);
    json.putObject("loftq_config");
    putNumber(json, "lora_alpha", config.alpha());
    json.put("lora_bias", false);
    json.put("lora_dropout", config.dropout());
    json.putNull("megatron_config");
    json.put("megatron_core", "megatron.core");
    json.putNull("modules_to_save");
    json.put("peft_type", "LORA");
    json.put("r", config.rank());
    json.putObject("rank_pattern");
    json.putNull("revision");
    ArrayNode targets = json.putArray("target_modules");
    layout.targetNames().forEach(targets::add);
    json.put("task_type", "CAUSAL_LM");
    json.put("use_dora", false);
    json.put("use_rslora", config.rslora());
    return json;
  }

  /** PEFT declares alpha as int; 16.0 would be read, but not written by it. */
  private static void putNumber(ObjectNode json, String key, double value) {
    if (value == Math.rint(value) && value <= Integer.MAX_VALUE) {
      json.put(key, (int) value);
    } else {
      json.put(key, value);
    }
  }
}
