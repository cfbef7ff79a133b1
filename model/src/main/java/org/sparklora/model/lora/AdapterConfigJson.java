package org.sparklora.model.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * PEFT's {@code adapter_config.json}. Refuses, by key and value, every setting that changes the
 * arithmetic of plain LoRA: a wrongly applied adapter looks like a badly trained one.
 */
final class AdapterConfigJson {

  /** Keys that are harmless only when false, null or empty. */
  private static final Set<String> MUST_BE_OFF =
      Set.of(
          "alora_invocation_tokens",
          "arrow_config",
          "fan_in_fan_out",
          "kasa_config",
          "layer_replication",
          "lora_bias",
          "modules_to_save",
          "monteclora_config",
          "trainable_token_indices",
          "use_bdlora",
          "use_dora",
          "use_qalora",
          "velora_config");

  /**
   * Initialisations that change the base weights, so that the factors alone are not the adapter.
   * PEFT converts such adapters on request and then writes {@code true}.
   */
  private static final Set<String> CHANGES_BASE =
      Set.of("pissa", "olora", "corda", "loftq", "lora_ga");

  /**
   * Weights of dense feed-forward layers in a model with experts, for {@code target_parameters}:
   * PEFT reads their names in {@code target_modules} as those of the experts.
   */
  private static final Set<String> FEED_FORWARD =
      Set.of("mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight");

  private static final String RANKS = "rank_pattern";
  private static final String ALPHAS = "alpha_pattern";
  private static final String PARAMETERS = "target_parameters";
  private static final String INITIALISATION = "init_lora_weights";
  private static final String LAYERS = "layers_to_transform";
  private static final String BASE = "base_model_name_or_path";

  /**
   * PEFT's keys in its order. Keys of newer PEFT versions whose value would be null are left out,
   * so that older versions read the file without a warning.
   */
  private static final String WRITTEN =
      """
      {"alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": null,
       "bias": "none", "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true,
       "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
       "layers_to_transform": null, "loftq_config": {}, "lora_alpha": null, "lora_bias": false,
       "lora_dropout": null, "megatron_config": null, "megatron_core": "megatron.core",
       "modules_to_save": null, "peft_type": "LORA", "r": null, "rank_pattern": {},
       "revision": null, "target_modules": [], "task_type": "CAUSAL_LM", "use_dora": false,
       "use_rslora": false}
      """;

  /** PEFT's default of {@code r} and {@code lora_alpha}. */
  private static final int DEFAULT = 8;

  /** The remedy for unsupported adapters: PEFT can merge every adapter it trains. */
  static final String MERGE =
      "merge the adapter into its base model with PEFT (merge_and_unload) and give the merged model";

  private AdapterConfigJson() {}

  /** The name of the base model; the empty string if the file has none. */
  static String baseModel(Path file) throws IOException {
    return JsonFields.read(file).text(BASE).orElse("");
  }

  /** Refuses to train an adapter further whose B stays as it is in PEFT. */
  static void requireTrainable(Path file) throws IOException {
    JsonFields fields = JsonFields.read(file);
    JsonNode initialisation = fields.json().path(INITIALISATION);
    if (initialisation.asText().equals("mica")) {
      throw fields.refusal(
          INITIALISATION,
          initialisation,
          "PEFT trains A of such an adapter alone, here both factors are trained; " + MERGE);
    }
  }

  /** Reads a config; an {@link IllegalArgumentException} names a value that it cannot have. */
  static LoraConfig read(Path file) throws IOException {
    JsonFields fields = JsonFields.read(file);
    refuseOtherKinds(fields);
    JsonNode rank = fields.json().path("r");
    return new LoraConfig(
        rank.isMissingNode()
            ? DEFAULT
            : fields.whole("r", rank, Integer.MIN_VALUE, Integer.MAX_VALUE),
        fields.number("lora_alpha", DEFAULT),
        fields.number("lora_dropout", 0),
        fields.flag("use_rslora", false),
        new LoraTargets(targets(fields), excluded(fields)),
        new LoraConfig.Patterns(
            pattern(fields.child(RANKS), (of, key) -> of.positive(key, Integer.MAX_VALUE)),
            pattern(fields.child(ALPHAS), (of, key) -> of.number(key, DEFAULT))));
  }

  private static <T> Map<String, T> pattern(
      JsonFields fields, BiFunction<JsonFields, String, T> value) {
    Map<String, T> pattern = new LinkedHashMap<>(); // the first one that names a layer counts
    fields.json().fieldNames().forEachRemaining(key -> pattern.put(key, value.apply(fields, key)));
    return pattern;
  }

  private static void refuseOtherKinds(JsonFields fields) {
    require(fields, "peft_type", "nothing", "LORA", "only LoRA adapters can be applied; " + MERGE);
    require(
        fields,
        "task_type",
        "CAUSAL_LM",
        "CAUSAL_LM",
        "only CAUSAL_LM is supported; give an adapter that was trained to continue text");
    require(fields, "bias", "none", "none", "trained biases are not supported; " + MERGE);
    for (String key : MUST_BE_OFF) {
      JsonNode value = fields.json().path(key);
      if (isOn(value)) {
        throw fields.refusal(key, value, "this variant of LoRA is not supported; " + MERGE);
      }
    }
    if (!FEED_FORWARD.containsAll(fields.texts(PARAMETERS))) {
      throw fields.refusal(
          PARAMETERS,
          fields.json().get(PARAMETERS),
          "adapters of joined experts are not supported; " + MERGE);
    }
    if (!fields.texts(PARAMETERS).isEmpty() && isOn(fields.json().path(ALPHAS))) {
      throw fields.refusal(
          ALPHAS,
          fields.json().get(ALPHAS),
          "for target_parameters PEFT compares it with other names, which is not supported; "
              + MERGE);
    }
    JsonNode initialisation = fields.json().path(INITIALISATION);
    String named = initialisation.isBoolean() ? "" : fields.text(INITIALISATION).orElse("");
    if (CHANGES_BASE.stream().anyMatch(named.toLowerCase(Locale.ROOT)::startsWith)) {
      throw fields.refusal(
          INITIALISATION,
          initialisation,
          "it changes the base weights; let PEFT convert the adapter to plain LoRA when saving it");
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

  private static LoraTargets.Rule targets(JsonFields fields) {
    LoraTargets.Rule rule = rule(fields, "target_modules");
    if (rule instanceof LoraTargets.Names modules) {
      List<String> all = new ArrayList<>(modules.names());
      fields.texts(PARAMETERS).stream()
          .map(weight -> weight.split("\\.")[1]) // mlp.LAYER.weight, of FEED_FORWARD
          .filter(layer -> modules.names().stream().noneMatch(name -> name.endsWith(layer)))
          .forEach(layer -> all.add("mlp." + layer));
      rule = new LoraTargets.Names(all);
    }
    List<Integer> indexes = fields.wholes(LAYERS, 0, Integer.MAX_VALUE);
    List<String> patterns = fields.texts("layers_pattern");
    if (indexes.isEmpty()) {
      return rule;
    }
    if (!(rule instanceof LoraTargets.Names names)
        || fields.json().path("target_modules").isTextual()) {
      throw fields.refusal(
          LAYERS,
          fields.json().get(LAYERS),
          "it needs a list as target_modules; let the expression name layers");
    }
    patterns.removeIf(String::isEmpty);
    return new LoraTargets.Names(names.names(), indexes, patterns);
  }

  /** PEFT has all-linear as a target alone: as an expression or a name it excludes no layer. */
  private static LoraTargets.Rule excluded(JsonFields fields) {
    LoraTargets.Rule rule = rule(fields, "exclude_modules");
    return rule instanceof LoraTargets.Names modules
        ? new LoraTargets.Names(
            modules.names().stream()
                .filter(name -> !name.equalsIgnoreCase(LoraTargets.ALL_LINEAR))
                .toList())
        : rule;
  }

  private static LoraTargets.Rule rule(JsonFields fields, String key) {
    JsonNode node = fields.json().path(key);
    if (node.isTextual()) {
      return LoraTargets.ofFlag(List.of(node.asText())).include(); // TRL's flag has PEFT's rule
    }
    if (!node.isArray() && !node.isNull() && !node.isMissingNode()) {
      throw fields.refusal(key, node, "must be a list of names or one regular expression");
    }
    return new LoraTargets.Names(fields.texts(key));
  }

  private static void require(
      JsonFields fields, String key, String byDefault, String allowed, String remedy) {
    if (!fields.text(key).orElse(byDefault).equals(allowed)) {
      throw fields.refusal(key, fields.json().get(key), remedy);
    }
  }

  /** The file as PEFT writes it after training, with an adapter's own values. */
  static ObjectNode of(AdapterLayout layout, String baseModel) throws IOException {
    LoraConfig config = layout.config();
    ObjectNode json = JsonFile.parse(WRITTEN.getBytes(StandardCharsets.UTF_8), "WRITTEN");
    json.put(BASE, baseModel);
    json.set("lora_alpha", number(config.alpha()));
    json.put("lora_dropout", config.dropout());
    json.put("r", config.rank());
    ArrayNode targets = json.putArray("target_modules"); // excluded layers left out
    layout.targetNames().forEach(targets::add);
    json.put("use_rslora", config.rslora());
    ObjectNode ranks = json.putObject(RANKS);
    config.patterns().ranks().forEach(ranks::put);
    ObjectNode alphas = json.putObject(ALPHAS);
    config.patterns().alphas().forEach((layers, alpha) -> alphas.set(layers, number(alpha)));
    List<String> modules = layout.modules();
    if (modules.stream().anyMatch(module -> module.contains(WeightNames.EXPERTS))) {
      FEED_FORWARD.stream()
          .filter(
              weight -> modules.stream().anyMatch(of -> (of + ".weight").endsWith("." + weight)))
          .sorted()
          .forEach(weight -> json.withArray(PARAMETERS).add(weight));
    }
    return json;
  }

  /** PEFT reads 16.0, but writes 16. */
  private static JsonNode number(double value) {
    boolean isWhole = value == Math.rint(value) && value <= Integer.MAX_VALUE;
    return isWhole ? IntNode.valueOf((int) value) : DoubleNode.valueOf(value);
  }
}
