package org.sparklora.text.bpe;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.text.json.JsonFields;

/**
 * One {@code decoder} of tokenizer.json: rewrites a list of tokens; the last decoder's list is
 * joined to text. Thread-safe.
 */
@FunctionalInterface
interface TokenDecoder {
  /** Turns {@link ByteAlphabet}'s characters into bytes, and the bytes into text. */
  TokenDecoder BYTE_LEVEL =
      tokens -> {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        tokens.forEach(token -> bytes.writeBytes(ByteAlphabet.bytesOf(token)));
        return List.of(Utf8.decodeLossy(bytes.toByteArray()));
      };

  List<String> apply(List<String> tokens);

  static TokenDecoder read(JsonFields json) {
    return switch (Components.type(json)) {
      case "null" -> tokens -> List.of(String.join(" ", tokens));
      case "ByteLevel" -> BYTE_LEVEL;
      case "Sequence" ->
          json.children("decoders").stream()
              .map(TokenDecoder::read)
              .reduce(tokens -> tokens, (one, next) -> tokens -> next.apply(one.apply(tokens)));
      case "Replace" -> {
        TextNormalizer replacement = TextNormalizer.read(json);
        yield tokens -> tokens.stream().map(token -> replacement.apply(token)).toList();
      }
      case "ByteFallback" -> TokenDecoder::joinBytes;
      case "Fuse" -> tokens -> List.of(String.join("", tokens));
      case "Strip" -> {
        String content = json.required("content");
        int start = Components.number(json, "start").orElse(0);
        int stop = Components.number(json, "stop").orElse(0);
        yield tokens -> tokens.stream().map(token -> strip(token, content, start, stop)).toList();
      }
      default -> throw Components.unsupportedType(json);
    };
  }

  /** Decodes runs of {@code <0xE4>} tokens; a run that is no UTF-8 becomes one U+FFFD a byte. */
  private static List<String> joinBytes(List<String> tokens) {
    List<String> result = new ArrayList<>();
    ByteArrayOutputStream run = new ByteArrayOutputStream();
    for (String token : tokens) {
      if (token.matches("<0x[0-9A-Fa-f]{2}>")) {
        run.write(Integer.parseInt(token.substring(3, 5), 16));
      } else {
        flush(run, result);
        result.add(token);
      }
    }
    flush(run, result);
    return result;
  }

  private static void flush(ByteArrayOutputStream run, List<String> result) {
    if (run.size() > 0) {
      try {
        ByteBuffer bytes = ByteBuffer.wrap(run.toByteArray());
        result.add(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
      } catch (CharacterCodingException e) {
        result.add("\uFFFD".repeat(run.size()));
      }
      run.reset();
    }
  }

  /** Removes {@code content} up to {@code start} times in front, {@code stop} times at the end. */
  private static String strip(String token, String content, int start, int stop) {
    int from = 0;
    int to = token.length();
    for (int n = 0; n < start && token.startsWith(content, from); n++) {
      from += content.length();
    }
    for (int n = 0; n < stop && to > from && token.substring(from, to).endsWith(content); n++) {
      to -= content.length();
    }
    return token.substring(from, to);
  }
}
