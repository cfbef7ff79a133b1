package org.sparklora.text.bpe;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/**
 * One {@code decoder} of tokenizer.json: rewrites a list of tokens, which at last are joined to
 * text. Thread-safe.
 */
sealed interface TokenDecoder {

  List<String> apply(List<String> tokens);

  static TokenDecoder read(JsonFields json) {
    if (json.isAbsent()) {
      return new Spaced();
    }
    return switch (Components.type(json)) {
      case "ByteLevel" -> new ByteLevel();
      case "Sequence" ->
          new Chain(json.children("decoders").stream().map(TokenDecoder::read).toList());
      case "Replace" ->
          new Replace(TextNormalizer.pattern(json.child("pattern")), json.required("content"));
      case "ByteFallback" -> new ByteFallback();
      case "Fuse" -> new Fuse();
      case "Strip" ->
          new Strip(
              json.required("content"),
              Components.number(json, "start", 0),
              Components.number(json, "stop", 0));
      default -> throw Components.unsupportedType(json);
    };
  }

  /** The bytes of a token under ByteLevel; what is not spelled in stand-ins speaks for itself. */
  static byte[] bytesOf(String token) {
    return ByteAlphabet.canSpell(token)
        ? ByteAlphabet.bytesOf(token)
        : token.getBytes(StandardCharsets.UTF_8);
  }

  /** One after the other. */
  record Chain(List<TokenDecoder> steps) implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      List<String> result = tokens;
      for (TokenDecoder step : steps) {
        result = step.apply(result);
      }
      return result;
    }
  }

  /** No decoder: words with spaces between them. */
  record Spaced() implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      return List.of(String.join(" ", tokens));
    }
  }

  /** Stand-in characters to bytes to text. */
  record ByteLevel() implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      tokens.forEach(token -> bytes.writeBytes(bytesOf(token)));
      return List.of(Utf8.decodeLossy(bytes.toByteArray()));
    }
  }

  /** Every match of a pattern, in each token by itself. */
  record Replace(Pattern pattern, String content) implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      String literal = Matcher.quoteReplacement(content);
      return tokens.stream().map(t -> pattern.matcher(t).replaceAll(literal)).toList();
    }
  }

  /** Runs of {@code <0xE4>} tokens to text; a run that is no UTF-8 to one U+FFFD a byte. */
  record ByteFallback() implements TokenDecoder {
    private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

    @Override
    public List<String> apply(List<String> tokens) {
      List<String> result = new ArrayList<>();
      ByteArrayOutputStream run = new ByteArrayOutputStream();
      for (String token : tokens) {
        Matcher matcher = BYTE.matcher(token);
        if (matcher.matches()) {
          run.write(Integer.parseInt(matcher.group(1), 16));
        } else {
          flush(run, result);
          result.add(token);
        }
      }
      flush(run, result);
      return result;
    }

    private static void flush(ByteArrayOutputStream run, List<String> result) {
      byte[] bytes = run.toByteArray();
      if (bytes.length > 0) {
        result.add(isUtf8(bytes) ? Utf8.decodeLossy(bytes) : "\uFFFD".repeat(bytes.length));
        run.reset();
      }
    }
  }

  /** All tokens to one. */
  record Fuse() implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      return List.of(String.join("", tokens));
    }
  }

  /** Up to so many of one character off the ends of each token. */
  record Strip(String content, int start, int stop) implements TokenDecoder {
    @Override
    public List<String> apply(List<String> tokens) {
      return tokens.stream().map(this::strip).toList();
    }

    private String strip(String token) {
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

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
