package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.checkpoint.ModelFamily.Trait;
import org.sparklora.model.engine.Branch;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;
import org.sparklora.text.json.UnsupportedModelException;

/**
 * Reads from {@code config.json} what differs between layers: windows, rotations, experts.
 *
 * @param fields completed by the family's defaults
 * @param maxPositions {@code max_position_embeddings}
 * @param headDim D
 */
record LayersReader(JsonFields fields, ModelFamily family, int maxPositions, int headDim) {
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";
  private static final String WINDOW = "sliding_window";
  private static final String PARAMETERS = "rope_parameters";
  private static final String UNROTATED = "no_rope_layer_interval";
  private static final int MAX_EXPERTS = 1 << 18; // of all layers

  List<DecoderConfig.Layer> read() {
    int count = fields.positive("num_hidden_layers", DecoderConfigReader.MAX_LAYERS);
    boolean byKind = family.has(Trait.WINDOW_BY_PATTERN);
    DecoderConfig.Rope ofAll = byKind ? ropeOf(FULL, "rope_theta") : rope(flat(), "rope_theta");
    DecoderConfig.Rope ofWindows = byKind ? ropeOf(SLIDING, "rope_local_base_freq") : ofAll;
    List<Boolean> rotated = rotated(count);
    List<Boolean> windowed = windowed(count, rotated);
    int window = windowed.contains(true) ? fields.positive(WINDOW, Integer.MAX_VALUE) : Branch.ALL;
    Optional<DecoderConfig.Experts> experts = experts(MAX_EXPERTS / count);
    List<Integer> dense = fields.wholes("mlp_only_layers", 0, Integer.MAX_VALUE);
    int step = experts.isEmpty() ? 1 : fields.positive("decoder_sparse_step", Integer.MAX_VALUE);
    List<DecoderConfig.Layer> layers = new ArrayList<>(count);
    for (int layer = 0; layer < count; layer++) {
      DecoderConfig.Rope rope = windowed.get(layer) ? ofWindows : ofAll;
      boolean sparse = (layer + 1) % step == 0 && !dense.contains(layer);
      layers.add(
          new DecoderConfig.Layer(
              windowed.get(layer) ? window : Branch.ALL,
              rotated.get(layer) ? Optional.of(rope) : Optional.empty(),
              sparse ? experts : Optional.empty()));
    }
    return layers;
  }

  /**
   * The mixture of each decoder_sparse_step-th layer that mlp_only_layers does not name;
   * transformers 5 writes the number of experts under its own name.
   */
  private Optional<DecoderConfig.Experts> experts(int most) {
    String key = fields.has("num_local_experts") ? "num_local_experts" : "num_experts";
    int count = family.reads("num_experts") ? fields.whole(key, 0, most).orElse(0) : 0;
    if (count == 0) {
      return Optional.empty();
    }
    double lossWeight = fields.number("router_aux_loss_coef", 0);
    if (lossWeight < 0) {
      throw fields.refusal("router_aux_loss_coef", lossWeight, "must not be negative");
    }
    return Optional.of(
        new DecoderConfig.Experts(
            count,
            fields.positive("num_experts_per_tok", count),
            fields.flag("norm_topk_prob", false),
            fields.positive("moe_intermediate_size", DecoderConfigReader.MAX_FEATURES),
            lossWeight));
  }

  /** For each layer whether it attends over a window. */
  private List<Boolean> windowed(int count, List<Boolean> rotated) {
    boolean said = !family.has(Trait.WINDOW_IF_SAID) || fields.flag("use_sliding_window", false);
    boolean has = said && fields.whole(WINDOW, 0, Integer.MAX_VALUE).orElse(0) > 0;
    boolean byPattern = family.has(Trait.WINDOW_BY_PATTERN);
    boolean inAll = family.has(Trait.WINDOW_IN_ALL_LAYERS);
    if (inAll || !byPattern && !family.has(Trait.WINDOW_IF_SAID)) {
      return Collections.nCopies(count, inAll && has);
    }
    if (fields.has("layer_types")) {
      List<String> types = fields.texts("layer_types");
      for (String type : types) {
        if (!type.equals(FULL) && !(type.equals(SLIDING) && has)) {
          throw new UnsupportedModelException(
              fields.refusal(
                  "layer_types",
                  type,
                  "supported are full_attention, and with a sliding_window in use sliding_attention"));
        }
      }
      if (types.size() != count) {
        throw fields.refusal(
            "layer_types", types.size() + " entries", "must have one for each layer: " + count);
      }
      return types.stream().map(SLIDING::equals).toList();
    }
    if (byPattern) {
      String key = "sliding_window_pattern"; // transformers reads no such key of OLMo 3
      return allButEach(family.reads(key) ? fields.positive(key, Integer.MAX_VALUE) : 4, count);
    }
    return IntStream.range(0, count)
        .mapToObj(layer -> has && (family.reads(UNROTATED) ? !rotated.get(layer) : isLate(layer)))
        .toList();
  }

  /** For each layer whether it is not the last of {@code interval} layers. */
  private static List<Boolean> allButEach(int interval, int layers) {
    return IntStream.rangeClosed(1, layers).mapToObj(n -> n % interval != 0).toList();
  }

  private boolean isLate(int layer) {
    return layer
        >= fields
            .whole("max_window_layers", 0, Integer.MAX_VALUE)
            .orElseThrow(() -> fields.missing("max_window_layers"));
  }

  /** For each layer whether q and k are rotated. */
  private List<Boolean> rotated(int layers) {
    if (!family.reads(UNROTATED)) {
      return Collections.nCopies(layers, true);
    }
    if (fields.has("no_rope_layers")) { // despite its name, 1 means that the layer has RoPE
      List<Integer> listed = fields.wholes("no_rope_layers", 0, 1);
      if (listed.size() < layers) {
        throw fields.refusal(
            "no_rope_layers",
            listed,
            "must have an entry for each of the %s layers".formatted(layers));
      }
      return listed.subList(0, layers).stream().map(rope -> rope == 1).toList();
    }
    return allButEach(fields.positive(UNROTATED, Integer.MAX_VALUE), layers);
  }

  /**
   * transformers 5 writes {@code rope_parameters}, transformers 4 {@code rope_theta} and {@code
   * rope_scaling}; of a file with both, transformers takes {@code rope_scaling}.
   */
  private JsonFields flat() {
    JsonFields older = fields.child("rope_scaling");
    JsonFields rope = older.json().isEmpty() ? fields.child(PARAMETERS) : older;
    for (Map.Entry<String, JsonNode> entry : rope.json().properties()) {
      if (entry.getValue().isObject()) {
        throw fields.refusal(
            rope.name(),
            entry.getKey(),
            "parameters for each kind of layer are not supported in this family; give one set");
      }
    }
    return rope;
  }

  /** The rotation of a kind of layers; {@code rope_scaling} changes that of full attention. */
  private DecoderConfig.Rope ropeOf(String kind, String baseKey) {
    JsonFields kinds = fields.child(PARAMETERS);
    if (kinds.json().has("rope_type") || kinds.json().has("rope_theta")) {
      throw fields.refusal(
          PARAMETERS,
          kinds.json(),
          "this family has a set for full_attention and one for sliding_attention");
    }
    JsonFields own = kinds.child(kind);
    JsonFields older = fields.child("rope_scaling");
    if (kind.equals(SLIDING) || older.json().isEmpty()) {
      return rope(own, baseKey);
    }
    ObjectNode both = JsonFile.newObject().put("rope_type", "default"); // whatever type says
    for (JsonFields set : List.of(own, older)) {
      set.json().properties().forEach(entry -> both.set(entry.getKey(), entry.getValue()));
    }
    return rope(new JsonFields(fields.file(), both, older.name()), baseKey);
  }

  /** {@code baseKey} is the key, beside the parameters, of a base that they lack. */
  private DecoderConfig.Rope rope(JsonFields parameters, String baseKey) {
    boolean own = parameters.json().has("rope_theta");
    JsonFields place = own ? parameters : fields;
    String key = own ? "rope_theta" : baseKey;
    double theta = place.number(key, Double.NaN);
    if (!(theta > 0)) {
      throw place.refusal(key, theta, "must be positive");
    }
    return new DecoderConfig.Rope(theta, scaling(parameters));
  }

  private RopeScaling scaling(JsonFields rope) {
    for (JsonFields place : List.of(rope, fields)) {
      if (place.has("partial_rotary_factor") && place.number("partial_rotary_factor", 1) != 1) {
        throw place.refusal(
            "partial_rotary_factor",
            place.json().get("partial_rotary_factor"),
            "only 1 is supported");
      }
    }
    String key = rope.json().has("rope_type") ? "rope_type" : "type";
    String type = rope.json().has(key) ? rope.text(key).orElse("null") : "default";
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(required(rope, "factor"));
      case "llama3" -> llama3(rope);
      case "yarn" -> yarn(rope);
      case "longrope" -> longRope(rope);
      case "dynamic" -> {
        required(rope, "factor"); // changes longer texts only
        yield new RopeScaling.Dynamic(maxPositions);
      }
      default ->
          throw new UnsupportedModelException(
              rope.refusal(
                  key, type, "supported are default, linear, llama3, yarn, longrope and dynamic"));
    };
  }

  private RopeScaling llama3(JsonFields rope) {
    double factor = required(rope, "factor");
    double low = required(rope, "low_freq_factor");
    double high = required(rope, "high_freq_factor");
    if (high <= low) {
      throw rope.refusal("high_freq_factor", high, "must be larger than low_freq_factor = " + low);
    }
    return new RopeScaling.Llama3(factor, low, high, originalPositions(rope));
  }

  private RopeScaling yarn(JsonFields rope) {
    int original = originalPositions(rope);
    double factor = positive(rope, "factor", (double) maxPositions / original);
    double mscale = orDefault(rope, "mscale", 0);
    double ofAll = orDefault(rope, "mscale_all_dim", 0);
    double usual =
        mscale > 0 && ofAll > 0
            ? RopeScaling.Yarn.magnitude(factor, mscale) / RopeScaling.Yarn.magnitude(factor, ofAll)
            : RopeScaling.Yarn.magnitude(factor, 1);
    return new RopeScaling.Yarn(
        factor,
        orDefault(rope, "beta_fast", 32),
        orDefault(rope, "beta_slow", 1),
        positive(rope, "attention_factor", usual),
        original,
        // of a set for a kind of layers, transformers does not read it
        family.has(Trait.WINDOW_BY_PATTERN) || rope.flag("truncate", true));
  }

  private RopeScaling longRope(JsonFields rope) {
    int original = originalPositions(rope);
    double factor = positive(rope, "factor", (double) maxPositions / original);
    double usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    return new RopeScaling.LongRope(
        factors(rope, "short_factor"),
        factors(rope, "long_factor"),
        positive(rope, "attention_factor", usual),
        original);
  }

  private List<Float> factors(JsonFields rope, String key) {
    if (!rope.has(key)) {
      throw rope.missing(key);
    }
    String wanted =
        "must be a list of %s positive numbers, one for each pair of a head (head_dim / 2)"
            .formatted(headDim / 2);
    List<Float> factors = new ArrayList<>();
    for (JsonNode item : rope.list(key)) {
      float factor = item.floatValue(); // 0 if it is not a number
      if (!(factor > 0) || Float.isInfinite(factor)) {
        throw rope.refusal(key, item, wanted);
      }
      factors.add(factor);
    }
    if (factors.size() != headDim / 2) {
      throw rope.refusal(key, factors.size() + " numbers", wanted);
    }
    return List.copyOf(factors);
  }

  private int originalPositions(JsonFields rope) {
    String key = "original_max_position_embeddings";
    boolean isBeside = fields.has(key) && !family.has(Trait.WINDOW_BY_PATTERN);
    return (isBeside ? fields : rope).whole(key, 1, Integer.MAX_VALUE).orElse(maxPositions);
  }

  private double positive(JsonFields rope, String key, double byDefault) {
    return rope.has(key) ? required(rope, key) : byDefault;
  }

  /** A number of the rope; the default also for 0, as in transformers. */
  private double orDefault(JsonFields rope, String key, double byDefault) {
    return rope.has(key) && rope.number(key, 0) == 0 ? byDefault : positive(rope, key, byDefault);
  }

  private double required(JsonFields rope, String key) {
    double value = rope.number(key, Double.NaN);
    if (!(value > 0)) {
      throw rope.refusal(
          key, rope.json().path(key), "the rope %s must be a positive number".formatted(key));
    }
    return value;
  }
}
