package org.sparklora.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;

/**
 * Byte-pair encoding of one piece (Sennrich et al., 2016): splits a piece into letters, then
 * applies merges in the order in which training learned them. Immutable and thread-safe.
 *
 * <p>Letters are the 256 bytes of {@link ByteAlphabet}, or else code points. A letter that the
 * vocabulary lacks becomes its byte tokens ({@code byte_fallback}), else {@code unk_token}, else is
 * dropped.
 */
final class BytePairModel {
  private static final int MISSING = -1;

  private final Map<String, Integer> vocabulary;
  private final MergeTable merges;
  private final boolean byteLevel;
  private final boolean ignoreMerges;
  private final boolean fuseUnknown;
  private final int unknown;
  private final BitSet tokenHashes = new BitSet(); // of the vocabulary, if a piece may be a token
  private final int[] byteSymbols = new int[256]; // of each byte value, or MISSING
  private final int[] byteFallback; // <0x00> to <0xFF>, or MISSING; empty without fallback

  private BytePairModel(JsonFields json, boolean byteLevel) {
    this.byteLevel = byteLevel;
    this.ignoreMerges = json.flag("ignore_merges", false);
    this.fuseUnknown = json.flag("fuse_unk", false);
    this.vocabulary = readVocabulary(json);
    if (ignoreMerges && byteLevel) {
      vocabulary.keySet().forEach(token -> tokenHashes.set(hashBits(token.hashCode())));
    }
    this.merges = readMerges(json);
    this.unknown = json.has("unk_token") ? known(json, json.required("unk_token")) : MISSING;
    for (int b = 0; b < 256; b++) {
      byteSymbols[b] = lookUp(String.valueOf(ByteAlphabet.charOf(b)));
    }
    this.byteFallback =
        IntStream.range(0, json.flag("byte_fallback", false) && !byteLevel ? 256 : 0)
            .map(b -> lookUp("<0x%02X>".formatted(b)))
            .toArray();
  }

  /**
   * @param json {@code model} of tokenizer.json
   * @param byteLevel whether the vocabulary is spelled in {@link ByteAlphabet}
   */
  static BytePairModel read(JsonFields json, boolean byteLevel) {
    // Files of 2019 leave the type out; merges tell BPE from the others.
    JsonNode type = json.json().path("type");
    if (type.isMissingNode() ? !json.has("merges") : !type.asText().equals("BPE")) {
      throw Components.unsupported(json, "type " + JsonFields.brief(json.json().path("type")));
    }
    JsonNode dropout = json.json().path("dropout");
    if (json.has("dropout") && !(dropout.isNumber() && dropout.doubleValue() == 0)) {
      throw Components.unsupported(json, "dropout " + JsonFields.brief(dropout));
    }
    for (String affix : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (json.has(affix) && !json.required(affix).isEmpty()) {
        throw Components.unsupported(json, affix + " \"" + json.required(affix) + "\"");
      }
    }
    return new BytePairModel(json, byteLevel);
  }

  Map<String, Integer> vocabulary() {
    return vocabulary;
  }

  /** Encodes {@code text[start, end)}, valid UTF-8, into {@code symbols}. */
  void encode(byte[] text, int start, int end, Symbols symbols) {
    symbols.clear();
    if (ignoreMerges && mayBeToken(text, start, end)) {
      int whole =
          lookUp(byteLevel ? ByteAlphabet.spell(text, start, end) : decode(text, start, end));
      if (whole != MISSING) {
        symbols.add(whole, end - start);
        return;
      }
    }
    addLetters(text, start, end, symbols);
    symbols.mergeAll(merges);
  }

  /** False if a piece is no token, true if it is or has a token's hash. */
  private boolean mayBeToken(byte[] text, int start, int end) {
    return !byteLevel || tokenHashes.get(hashBits(ByteAlphabet.hashOf(text, start, end)));
  }

  private static int hashBits(int hash) {
    return hash * 0x9E3779B9 >>> 11;
  }

  private void addLetters(byte[] text, int start, int end, Symbols symbols) {
    int pending = 0; // bytes of an unknown token not yet added
    for (int i = start, next; i < end; i = next) {
      next = i + (byteLevel ? 1 : Utf8.length(text[i]));
      int symbol = byteLevel ? byteSymbols[text[i] & 0xFF] : lookUp(decode(text, i, next));
      if (symbol != MISSING) {
        flush(pending, symbols);
        pending = 0;
        symbols.add(symbol, next - i);
      } else if (fallsBack(text, i, next)) {
        for (int b = i; b < next; b++) {
          symbols.add(byteFallback[text[b] & 0xFF], 1);
        }
      } else if (unknown == MISSING) {
        symbols.skip(next - i);
      } else {
        if (!fuseUnknown) {
          flush(pending, symbols);
          pending = 0;
        }
        pending += next - i;
      }
    }
    flush(pending, symbols);
  }

  private static String decode(byte[] text, int start, int end) {
    return new String(text, start, end - start, StandardCharsets.UTF_8);
  }

  private void flush(int pending, Symbols symbols) {
    if (pending > 0) {
      symbols.add(unknown, pending);
    }
  }

  private int lookUp(String token) {
    return vocabulary.getOrDefault(token, MISSING);
  }

  private static Map<String, Integer> readVocabulary(JsonFields json) {
    JsonNode tokens = json.json().path("vocab");
    if (!tokens.isObject()) {
      throw json.refusal("vocab", tokens, "must be an object of tokens and ids");
    }
    Map<String, Integer> vocabulary = new HashMap<>(tokens.size() * 2);
    Map<Integer, String> byId = new HashMap<>(tokens.size() * 2);
    for (Map.Entry<String, JsonNode> entry : tokens.properties()) {
      String token = entry.getKey();
      int id = Components.id(json, "vocab \"" + token + "\"", entry.getValue());
      String other = byId.put(id, token);
      if (other != null) {
        throw new CheckpointException(
            "Cannot read vocab of %s in %s: the tokens \"%s\" and \"%s\" have the same id %d; the file is damaged, fetch it again",
            json.name(), json.file(), other, token, id);
      }
      vocabulary.put(token, id);
    }
    return vocabulary;
  }

  /**
   * Reads merges, written as {@code "a b"} or, since 2024, as {@code ["a", "b"]}; their order is
   * the rank.
   */
  private MergeTable readMerges(JsonFields json) {
    JsonNode list = json.list("merges");
    MergeTable table = new MergeTable(list.size());
    int rank = 0;
    for (JsonNode merge : list) {
      String[] pair =
          merge.isTextual()
              ? merge.textValue().split(" ", -1)
              : new String[] {merge.path(0).textValue(), merge.path(1).textValue()};
      if (pair.length != 2 || merge.size() > 2 || pair[0] == null || pair[1] == null) {
        throw Components.unsupported(json, "merges: " + JsonFields.brief(merge));
      }
      int left = known(json, pair[0]);
      int right = known(json, pair[1]);
      int merged = known(json, pair[0] + pair[1]);
      if (IntStream.of(rank, left, right, merged).max().getAsInt() >= MergeTable.LIMIT) {
        throw Components.unsupported(
            json, "more than %s merges or ids".formatted(MergeTable.LIMIT));
      }
      table.put(left, right, rank++, merged);
    }
    return table;
  }

  private int known(JsonFields json, String token) {
    int id = lookUp(token);
    if (id == MISSING) {
      throw new CheckpointException(
          "Cannot read merges or unk_token of %s in %s: the token \"%s\" is used but is not in its vocab; the file is damaged, fetch it again",
          json.name(), json.file(), token);
    }
    return id;
  }

  private boolean fallsBack(byte[] text, int start, int end) {
    for (int b = start; b < end; b++) {
      if (byteFallback.length == 0 || byteFallback[text[b] & 0xFF] == MISSING) {
        return false;
      }
    }
    return true;
  }
}
