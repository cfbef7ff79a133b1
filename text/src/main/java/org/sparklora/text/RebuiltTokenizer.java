package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * A {@code tokenizer.json} rewritten as {@code AutoTokenizer} of transformers 5.24 rebuilds it:
 * with the components of {@link TokenizerClass}, and the added tokens of {@code
 * tokenizer_config.json} renumbered in the order in which {@code TokenizersBackend.__init__} adds
 * them.
 */
final class RebuiltTokenizer {
  private static final List<String> FLAGS =
      List.of("single_word", "lstrip", "rstrip", "normalized", "special");

  private final JsonNode vocabulary;
  private final Map<String, Integer> idOf = new HashMap<>();
  private final TreeMap<Integer, ObjectNode> added = new TreeMap<>(); // by id

  private RebuiltTokenizer(JsonNode vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The special tokens, and whether the rebuilt tokenizer differs from the file. */
  record Result(SpecialTokens specialTokens, boolean changed) {}

  /**
   * Rewrites {@code tokenizer} in place.
   *
   * @param tokenizer tokenizer.json
   * @param specialTokens the special tokens that the checkpoint names
   */
  static Result rebuild(Path folder, ObjectNode tokenizer, SpecialTokens specialTokens)
      throws IOException {
    JsonFields config = JsonFields.readIfThere(folder.resolve(SpecialTokens.CONFIG_FILE));
    TokenizerClass rebuiltAs =
        TokenizerClass.of(tokenizer, config, JsonFields.readIfThere(folder.resolve("config.json")));
    boolean prefix = config.has("add_prefix_space") && config.flag("add_prefix_space", false);
    List<ObjectNode> ofFile = new ArrayList<>();
    for (JsonNode token : tokenizer.path("added_tokens")) {
      if (!(token instanceof ObjectNode object)) {
        return new Result(specialTokens, false); // damaged; TokenizerPipeline refuses it
      }
      ofFile.add(object);
    }
    SpecialTokens named = specialTokens.orElse(rebuiltAs.defaults, config.json());

    RebuiltTokenizer rebuilt = new RebuiltTokenizer(tokenizer.path("model").path("vocab"));
    if (rebuiltAs == TokenizerClass.FILE) {
      ofFile.forEach(token -> rebuilt.put(token.path("id").asInt(), token));
    }
    Map<Integer, ObjectNode> before = Map.copyOf(rebuilt.added);
    rebuilt.addAll(decoderTokens(config, ofFile), named);
    if (rebuiltAs == TokenizerClass.QWEN2) { // Qwen2Tokenizer adds them again, as plain tokens
      named.all().forEach(content -> rebuilt.add(plain(content)));
    }
    rebuiltAs.replaceComponents(tokenizer, prefix);
    ArrayNode tokens = tokenizer.putArray("added_tokens");
    rebuilt.added.forEach((id, token) -> tokens.add(token.deepCopy().put("id", id)));
    boolean changed = rebuiltAs != TokenizerClass.FILE || !rebuilt.added.equals(before);
    return new Result(named, changed);
  }

  /** The tokens of {@code added_tokens_decoder} by id; if it is missing, the file's. */
  private static List<ObjectNode> decoderTokens(JsonFields config, List<ObjectNode> ofFile) {
    TreeMap<Integer, ObjectNode> byId = new TreeMap<>();
    if (!config.json().has("added_tokens_decoder")) {
      ofFile.forEach(token -> byId.put(token.path("id").asInt(), token));
    }
    JsonFields decoder = config.child("added_tokens_decoder");
    for (Map.Entry<String, JsonNode> entry : decoder.json().properties()) {
      if (!(entry.getValue() instanceof ObjectNode token)
          || !token.path("content").isTextual()
          || !entry.getKey().matches("\\d{1,9}")) {
        throw decoder.refusal(entry.getKey(), entry.getValue(), "must be an added token by its id");
      }
      byId.put(Integer.valueOf(entry.getKey()), token);
    }
    return List.copyOf(byId.values());
  }

  /** Adds decoder tokens that differ from the added ones, then special tokens not yet known. */
  private void addAll(List<ObjectNode> decoderTokens, SpecialTokens named) {
    Set<String> known = new LinkedHashSet<>(idOf.keySet());
    List<ObjectNode> toAdd = new ArrayList<>();
    for (ObjectNode token : decoderTokens) {
      ObjectNode normal = normal(token);
      known.add(content(normal));
      if (!added.containsValue(normal)) {
        toAdd.add(normal);
      }
    }
    for (String special : named.all()) {
      if (known.add(special)) {
        toAdd.add(plain(special));
      }
    }
    for (ObjectNode token : toAdd) {
      add(named.byName().containsValue(content(token)) ? token.put("special", true) : token);
    }
  }

  /** Adds a token as the tokenizers library does: with its vocabulary id, or the next free id. */
  private void add(ObjectNode token) {
    String content = content(token);
    if (content.isEmpty() || added.containsValue(token)) {
      return;
    }
    int next = Math.max(added.isEmpty() ? 0 : added.lastKey() + 1, vocabulary.size());
    put(idOf.getOrDefault(content, vocabulary.path(content).asInt(next)), token);
  }

  private void put(int id, ObjectNode token) {
    idOf.put(content(token), id);
    added.put(id, normal(token));
  }

  private static String content(ObjectNode token) {
    return token.path("content").asText();
  }

  private static ObjectNode plain(String content) {
    return normal(JsonFile.newObject().put("content", content).put("special", true));
  }

  /** The token with all flags and nothing else, so that {@code equals} compares tokens. */
  private static ObjectNode normal(ObjectNode token) {
    ObjectNode normal = JsonFile.newObject().put("content", content(token));
    boolean special = token.path("special").asBoolean(false);
    FLAGS.forEach(
        flag ->
            normal.put(flag, token.path(flag).asBoolean(flag.equals("normalized") && !special)));
    return normal;
  }
}
