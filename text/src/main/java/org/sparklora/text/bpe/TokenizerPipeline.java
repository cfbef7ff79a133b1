package org.sparklora.text.bpe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;

/**
 * The pipeline of one tokenizer.json: finds added tokens, normalises the other text, cuts it into
 * pieces, merges each piece, and puts special tokens around the whole.
 *
 * <p>Immutable and thread-safe; each thread that encodes keeps buffers and a cache of some
 * megabytes.
 */
public final class TokenizerPipeline {
  // The stages that each thread's Encoder runs.
  final TextNormalizer normalizer;
  final Metaspace metaspace;
  final PreTokenizer preTokenizer;
  final BytePairModel model;
  final SpecialTokenFrame frame;
  final AddedTokenMatcher rawMatcher; // finds tokens in the original text
  final AddedTokenMatcher normalizedMatcher; // finds tokens in the normalised text

  private final TokenDecoder decoder;
  private final Map<String, Integer> addedIds = new HashMap<>();
  private final Map<Integer, String> tokens = new HashMap<>();
  private final int size;
  private final Set<Integer> specialIds = new HashSet<>();
  private final List<String> foundByOtherFiles = new ArrayList<>();
  private final ThreadLocal<Encoder> encoders = ThreadLocal.withInitial(Encoder::new);

  /**
   * @param root a tokenizer.json
   * @param specialTokens tokens that the checkpoint's other files call special; new ones get the
   *     next free ids, as in transformers
   * @throws IllegalArgumentException if a component is not supported; the message names it
   */
  public TokenizerPipeline(JsonFields root, List<String> specialTokens) {
    JsonFields preTokenizerJson = root.child("pre_tokenizer");
    boolean byteLevel = PreTokenizer.isByteLevel(preTokenizerJson);
    normalizer = TextNormalizer.read(root.child("normalizer"));
    metaspace = Metaspace.read(preTokenizerJson);
    preTokenizer = PreTokenizer.read(preTokenizerJson);
    model = BytePairModel.read(root.child("model"), byteLevel);
    frame = SpecialTokenFrame.read(root.child("post_processor"));
    decoder = TokenDecoder.read(root.child("decoder"));
    model.vocabulary().forEach((token, id) -> tokens.put(id, token));
    List<AddedToken> added = addedTokens(root, specialTokens);
    for (AddedToken token : added) {
      requireOneIdEach(token, root);
      addedIds.put(token.content(), token.id());
      // A token found in normalised text is decoded normalised, as in tokenizers 0.23.
      String content = token.content();
      tokens.put(token.id(), token.search().normalized() ? normalizer.apply(content) : content);
      if (token.special()) {
        specialIds.add(token.id());
      }
    }
    requireTokens(frame, root);
    size = tokens.keySet().stream().mapToInt(id -> id + 1).max().orElse(0);
    rawMatcher = matcher(added, false);
    normalizedMatcher = matcher(added, true);
  }

  /**
   * The tokens of a text.
   *
   * @return the ids; with {@code offsets} also the starts and the ends, arrays of equal length:
   *     special tokens around the text have (0, 0)
   */
  public int[][] encode(String text, boolean addSpecialTokens, boolean offsets) {
    return encoders.get().encode(this, text, addSpecialTokens, offsets);
  }

  /** Decodes tokens to text; ids without a token are left out. */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    List<String> list = new ArrayList<>();
    for (int id : ids) {
      if (tokens.containsKey(id) && !(skipSpecialTokens && specialIds.contains(id))) {
        list.add(tokens.get(id));
      }
    }
    return String.join("", decoder.apply(list));
  }

  /** The largest token id + 1, of added tokens, too. */
  public int size() {
    return size;
  }

  /**
   * The ids and contents of the special tokens that texts are searched for because other files than
   * tokenizer.json name them: with the same tokenizer.json, other ones mean other ids.
   */
  public List<String> foundByOtherFiles() {
    return List.copyOf(foundByOtherFiles);
  }

  /** The id of a token as the vocabulary spells it, or -1. */
  public int idOf(String token) {
    Integer added = addedIds.get(token);
    return added != null ? added : model.vocabulary().getOrDefault(token, -1);
  }

  /** A token as the vocabulary spells it; empty if no token has the id. */
  String token(int id) {
    return tokens.getOrDefault(id, "");
  }

  /** Refuses a token that has another id, or whose id has another token. */
  private void requireOneIdEach(AddedToken token, JsonFields root) {
    int id = idOf(token.content());
    String other = tokens.getOrDefault(token.id(), token.content());
    if (id >= 0 && id != token.id() || !other.equals(token.content())) {
      throw new CheckpointException(
          "Cannot read added_tokens in %s: the token \"%s\" has the id %d, but %s; the file is damaged, fetch it again",
          root.file(),
          token.content(),
          token.id(),
          id >= 0 && id != token.id() ? "also the id " + id : "so has \"" + other + "\"");
    }
  }

  private void requireTokens(SpecialTokenFrame frame, JsonFields root) {
    for (int id : SpecialTokenFrame.concat(frame.before(), frame.after())) {
      if (!tokens.containsKey(id)) {
        throw new CheckpointException(
            "Cannot read post_processor in %s: it puts the id %d around texts, which no token has; the file is damaged, fetch it again",
            root.file(), id);
      }
    }
  }

  private List<AddedToken> addedTokens(JsonFields root, List<String> specialTokens) {
    Map<String, AddedToken> added = new LinkedHashMap<>();
    if (root.json().has("added_tokens")) { // files of 2019 lack it
      for (JsonFields json : root.children("added_tokens")) {
        AddedToken token = AddedToken.read(json);
        added.put(token.content(), token);
      }
    }
    Stream<Integer> addedIds = added.values().stream().map(AddedToken::id);
    int next = 1 + Stream.concat(tokens.keySet().stream(), addedIds).reduce(-1, Math::max);
    for (String content : specialTokens) {
      AddedToken known = added.get(content);
      if (known == null) {
        int inVocabulary = model.vocabulary().getOrDefault(content, -1);
        int id = inVocabulary >= 0 ? inVocabulary : next++;
        added.put(content, new AddedToken(id, content, AddedToken.Search.PLAIN, true));
      } else if (!known.special()) {
        added.put(content, known.asSpecial());
      }
      if (known == null || !known.special() && known.search().normalized()) {
        foundByOtherFiles.add(added.get(content).id() + " " + content);
      }
    }
    return List.copyOf(added.values());
  }

  private AddedTokenMatcher matcher(List<AddedToken> added, boolean normalized) {
    List<AddedToken> wanted =
        added.stream().filter(t -> t.search().normalized() == normalized).toList();
    return new AddedTokenMatcher(wanted, normalized ? normalizer::apply : content -> content);
  }
}
