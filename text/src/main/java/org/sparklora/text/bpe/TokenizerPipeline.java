package org.sparklora.text.bpe;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;

/**
 * What one tokenizer.json describes, put together: added tokens out of the text, the rest
 * normalised, cut into pieces, each piece merged, the whole framed with special tokens.
 *
 * <p>Immutable and thread-safe; each thread that encodes keeps buffers and a cache of some
 * megabytes.
 */
public final class TokenizerPipeline {
  // What each thread's Encoder walks through.
  final TextNormalizer normalizer;
  final PreTokenizer preTokenizer;
  final BytePairModel model;
  final SpecialTokenFrame frame;
  final AddedTokenMatcher rawMatcher; // tokens looked for in the text as it stands
  final AddedTokenMatcher normalizedMatcher; // tokens looked for after normalisation

  private final TokenDecoder decoder;
  private final Map<String, Integer> addedIds = new HashMap<>();
  private final Map<Integer, String> tokens = new HashMap<>();
  private final Set<Integer> specialIds = new HashSet<>();
  private final byte[][] tokenBytes; // by id, of a ByteLevel decoder; empty otherwise
  private final ThreadLocal<Encoder> encoders = ThreadLocal.withInitial(() -> new Encoder(this));

  /**
   * @param root a tokenizer.json
   * @param specialTokens tokens that the checkpoint's other files call special; those that are new
   *     get the next free ids, as in transformers
   * @throws IllegalArgumentException naming the component that this project does not know
   */
  public TokenizerPipeline(JsonFields root, List<String> specialTokens) {
    JsonFields preTokenizerJson = root.child("pre_tokenizer");
    boolean byteLevel = PreTokenizer.isByteLevel(preTokenizerJson);
    normalizer = TextNormalizer.read(root.child("normalizer"));
    preTokenizer = PreTokenizer.read(preTokenizerJson);
    model = BytePairModel.read(root.child("model"), byteLevel);
    frame = SpecialTokenFrame.read(root.child("post_processor"));
    decoder = TokenDecoder.read(root.child("decoder"));
    model.vocabulary().forEach((token, id) -> tokens.put(id, token));
    List<AddedToken> added = addedTokens(root, specialTokens);
    for (AddedToken token : added) {
      requireOneIdEach(token, root);
      addedIds.put(token.content(), token.id());
      // As in tokenizers 0.23: what was looked for normalised is written normalised.
      String content = token.content();
      tokens.put(token.id(), token.search().normalized() ? normalizer.apply(content) : content);
      if (token.special()) {
        specialIds.add(token.id());
      }
    }
    requireTokens(frame, root);
    rawMatcher = matcher(added, false);
    normalizedMatcher = matcher(added, true);
    tokenBytes = new byte[decoder == TokenDecoder.BYTE_LEVEL ? lastId() + 1 : 0][];
    Arrays.setAll(tokenBytes, id -> ByteAlphabet.bytesOf(token(id)));
  }

  /** The tokens of a text. */
  public int[] encode(String text, boolean addSpecialTokens) {
    return encoders.get().encode(text, addSpecialTokens);
  }

  /**
   * The tokens of a text and their places in it.
   *
   * @return ids, first characters and ends, three arrays of one length; (0, 0) for added framing
   */
  public int[][] encodeWithOffsets(String text, boolean addSpecialTokens) {
    return encoders.get().encodeWithOffsets(text, addSpecialTokens);
  }

  /** The text of tokens; ids that no token has are left out. */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    if (tokenBytes.length > 0) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int id : ids) {
        if (id >= 0 && id < tokenBytes.length && !(skipSpecialTokens && specialIds.contains(id))) {
          bytes.writeBytes(tokenBytes[id]);
        }
      }
      return Utf8.decodeLossy(bytes.toByteArray());
    }
    List<String> list = new ArrayList<>();
    for (int id : ids) {
      if (tokens.containsKey(id) && !(skipSpecialTokens && specialIds.contains(id))) {
        list.add(tokens.get(id));
      }
    }
    return String.join("", decoder.apply(list));
  }

  /** How many tokens there are, added ones included. */
  public int size() {
    return tokens.size();
  }

  /** The id of a token as the vocabulary spells it, or -1. */
  public int idOf(String token) {
    Integer added = addedIds.get(token);
    return added != null ? added : model.vocabulary().getOrDefault(token, -1);
  }

  /** A token as the vocabulary spells it. */
  String token(int id) {
    return tokens.getOrDefault(id, "");
  }

  /**
   * A token and its id must not have another id or token in the vocabulary, nor among the added.
   */
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
    IntStream addedIds = added.values().stream().mapToInt(AddedToken::id);
    int next = 1 + addedIds.reduce(lastId(), Math::max);
    for (String content : specialTokens) {
      AddedToken known = added.get(content);
      if (known == null) {
        int inVocabulary = model.vocabulary().getOrDefault(content, -1);
        int id = inVocabulary >= 0 ? inVocabulary : next++;
        added.put(content, new AddedToken(id, content, AddedToken.Search.PLAIN, true));
      } else if (!known.special()) {
        added.put(content, known.asSpecial());
      }
    }
    return List.copyOf(added.values());
  }

  private AddedTokenMatcher matcher(List<AddedToken> added, boolean normalized) {
    List<AddedToken> wanted =
        added.stream().filter(t -> t.search().normalized() == normalized).toList();
    List<String> contents =
        wanted.stream().map(t -> normalized ? normalizer.apply(t.content()) : t.content()).toList();
    return new AddedTokenMatcher(wanted, contents);
  }

  private int lastId() {
    return tokens.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1);
  }
}
