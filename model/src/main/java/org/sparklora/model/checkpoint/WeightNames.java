package org.sparklora.model.checkpoint;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.model.checkpoint.ModelFamily.NormPlace;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;

/** The names and shapes of a checkpoint's tensors. */
public final class WeightNames {
  /** The embedding's table, {@code (V, C)}. */
  public static final String EMBEDDING = "model.embed_tokens.weight";

  /** The norm before the head, {@code (C)}. */
  public static final String FINAL_NORM = "model.norm.weight";

  /** The head as a module, as PEFT names it. */
  public static final String HEAD_MODULE = "lm_head";

  /** The head's matrix, {@code (V, C)}; absent if the model ties it to the embedding's table. */
  public static final String HEAD = HEAD_MODULE + ".weight";

  /** The part of a name before an expert's number. */
  public static final String EXPERTS = ".mlp.experts.";

  /** The layer number in a tensor's name; six digits suffice for any model. */
  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,6})\\.");

  /** The names in a base model of transformers, which has no head: {@code model.} is left out. */
  private static final Pattern OF_BASE = Pattern.compile("(embed_tokens|layers|norm)\\..*");

  /** A block's experts that transformers 5 stored joined, (E, 2·F, C) or (E, C, F). */
  private static final Pattern JOINED =
      Pattern.compile("(.*\\.mlp\\.experts\\.)(gate_up|down)_proj");

  private WeightNames() {}

  /** Tensors of a file by the names of this class; those of joined experts are parts of tensors. */
  static Map<String, TensorInfo> named(Collection<TensorInfo> stored, DecoderConfig config) {
    int experts = config.experts().map(DecoderConfig.Experts::count).orElse(-1);
    Map<String, TensorInfo> named = new LinkedHashMap<>();
    for (TensorInfo info : stored) {
      long[] shape = info.shape();
      String name = OF_BASE.matcher(info.name()).matches() ? "model." + info.name() : info.name();
      Matcher joined = JOINED.matcher(name);
      boolean isJoined = joined.matches() && shape.length == 3 && shape[0] == experts;
      String[] matrices = isJoined ? joined.group(2).split("_") : new String[] {name};
      if (isJoined && shape[1] % matrices.length == 0) {
        split(info, joined.group(1), matrices, named);
      } else {
        named.put(name, info);
      }
    }
    return named;
  }

  private static void split(
      TensorInfo joined, String experts, String[] matrices, Map<String, TensorInfo> named) {
    long count = joined.shape()[0] * matrices.length;
    long bytes = joined.bytes() / count;
    long[] shape = {joined.shape()[1] / matrices.length, joined.shape()[2]};
    for (int i = 0; i < count; i++) {
      String matrix = i / matrices.length + "." + matrices[i % matrices.length] + "_proj.weight";
      long offset = joined.offset() + i * bytes;
      named.put(
          experts + matrix, new TensorInfo(joined.name(), joined.dtype(), shape, offset, bytes));
    }
  }

  /** The router of a mixture of experts as a module, as PEFT names it. */
  public static String router(int layer) {
    return "model.layers." + layer + ".mlp.gate";
  }

  /** Names and shapes of all tensors that a checkpoint with this config needs, in order of use. */
  public static Map<String, long[]> expected(DecoderConfig config) {
    long hidden = config.hiddenSize();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(EMBEDDING, new long[] {config.vocabSize(), hidden});
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      int number = layer;
      Consumer<NormPlace> norm =
          place ->
              config.norm(place, number).ifPresent(name -> shapes.put(name, new long[] {hidden}));
      norm.accept(NormPlace.BEFORE_ATTENTION);
      for (DecoderConfig.LinearShape linear : config.linears(layer)) {
        shapes.put(linear.module() + ".weight", new long[] {linear.out(), linear.in()});
        if (linear.hasBias()) {
          shapes.put(linear.module() + ".bias", new long[] {linear.out()});
        }
      }
      for (Projection heads : List.of(Projection.QUERY, Projection.KEY)) {
        if (config.headNorm(heads) > 0) {
          shapes.put(heads.norm(layer), new long[] {config.headNorm(heads)});
        }
      }
      norm.accept(NormPlace.AFTER_ATTENTION);
      norm.accept(NormPlace.BEFORE_FEED_FORWARD);
      norm.accept(NormPlace.AFTER_FEED_FORWARD);
    }
    shapes.put(FINAL_NORM, new long[] {hidden});
    if (!config.tieWordEmbeddings()) {
      shapes.put(HEAD, new long[] {config.vocabSize(), hidden});
    }
    return shapes;
  }

  /** The keys of {@code config.json} that decide a tensor's existence and shape, for messages. */
  static String keysOf(String name) {
    String module = name.replaceFirst("\\.(weight|bias)$", "");
    if (name.endsWith(".bias")) {
      return "model_type, " + (module.contains(".mlp.") ? "mlp_bias" : "attention_bias");
    }
    return switch (module.substring(module.lastIndexOf('.') + 1)) {
      case "embed_tokens" -> "vocab_size, hidden_size";
      case HEAD_MODULE -> "tie_word_embeddings, vocab_size, hidden_size";
      case "q_proj", "o_proj" -> "num_attention_heads, head_dim, hidden_size";
      case "k_proj", "v_proj" -> "num_key_value_heads, head_dim, hidden_size";
      case "gate" -> "num_experts, hidden_size";
      case "gate_proj", "up_proj", "down_proj" ->
          module.contains(EXPERTS)
              ? "num_experts, moe_intermediate_size, hidden_size, decoder_sparse_step, mlp_only_layers"
              : "intermediate_size, hidden_size";
      case "q_norm", "k_norm" -> "model_type, head_dim";
      default -> "num_hidden_layers, hidden_size";
    };
  }

  /** The number of layers that have tensors; 0 if no name is that of a layer. */
  static int layers(Set<String> names) {
    return names.stream()
        .map(LAYER::matcher)
        .filter(Matcher::lookingAt)
        .mapToInt(layer -> 1 + Integer.parseInt(layer.group(1)))
        .max()
        .orElse(0);
  }
}
