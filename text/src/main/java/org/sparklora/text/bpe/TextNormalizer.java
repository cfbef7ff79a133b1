package org.sparklora.text.bpe;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/** A {@code normalizer} of tokenizer.json: rewrites text before the text is cut. Thread-safe. */
@FunctionalInterface
interface TextNormalizer {
  /** Leaves a text as it is. */
  TextNormalizer NONE = text -> text;

  AlignedText apply(AlignedText text);

  /** The normalised text alone, for the content of added tokens. */
  default String apply(String text) {
    return apply(AlignedText.of(text)).text();
  }

  static TextNormalizer read(JsonFields json) {
    return switch (Components.type(json)) {
      case "null" -> NONE;
      case "Sequence" ->
          json.children("normalizers").stream()
              .map(TextNormalizer::read)
              .reduce((one, next) -> text -> next.apply(one.apply(text)))
              .orElse(NONE);
      case "NFC", "NFD", "NFKC", "NFKD" ->
          new UnicodeForm(Normalizer.Form.valueOf(json.required("type")));
      case "Lowercase" -> TextNormalizer::lowercase;
      case "Prepend" -> {
        String prefix = json.required("prepend");
        yield text -> prepend(prefix, text);
      }
      case "Replace" -> {
        Pattern pattern = pattern(json.child("pattern"));
        String content = json.required("content");
        yield text -> replace(pattern, content, text);
      }
      default -> throw Components.unsupportedType(json);
    };
  }

  /** Compiles {@code {"String": …}} or {@code {"Regex": …}}. */
  static Pattern pattern(JsonFields json) {
    if (json.has("String")) {
      return Pattern.compile(json.required("String"), Pattern.LITERAL);
    }
    try {
      return OnigurumaPattern.compile(json.required("Regex"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s (%s in %s)".formatted(e.getMessage(), json.name(), json.file()), e);
    }
  }

  record UnicodeForm(Normalizer.Form form) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      String text = aligned.text();
      if (Normalizer.isNormalized(text, form)) {
        return aligned;
      }
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      for (int start = 0, end; start < text.length(); start = end) {
        end = text.offsetByCodePoints(start, 1);
        // marks after a control character are a run of their own: a line break before an answer
        // that begins with marks is no part of it
        if (text.charAt(start) < ' ' || UnicodeClasses.isInert(text.codePointAt(start))) {
          builder.keep(start, end);
          continue;
        }
        while (end < text.length() && mayCompose(text.codePointAt(end))) {
          end = text.offsetByCodePoints(end, 1);
        }
        // a run that normalises apart from its neighbours
        builder.append(Normalizer.normalize(text.substring(start, end), form), start, end);
      }
      return builder.build();
    }

    /** Whether a character may merge with, or be sorted among, those before it. */
    private boolean mayCompose(int c) {
      if (c < 0x300 || UnicodeClasses.isInert(c)) {
        return false;
      }
      boolean conjoiningJamo =
          c >= 0x1160 && c <= 0x11FF || c >= 0xD7B0 && c <= 0xD7FF || c >= 0xFFA0 && c <= 0xFFDC;
      // NFKC and NFKD turn these into conjoining jamo
      boolean compatible = form == Normalizer.Form.NFKC || form == Normalizer.Form.NFKD;
      boolean compatibilityJamo = compatible && c >= 0x3131 && c <= 0x318E;
      boolean halfwidthVoicing = c == 0xFF9E || c == 0xFF9F;
      return switch (Character.getType(c)) {
        case Character.NON_SPACING_MARK,
                Character.COMBINING_SPACING_MARK,
                Character.ENCLOSING_MARK ->
            true;
        default -> conjoiningJamo || compatibilityJamo || halfwidthVoicing;
      };
    }
  }

  /** Lower-cases each character by itself, as Rust does, so without a final sigma. */
  private static AlignedText lowercase(AlignedText aligned) {
    String text = aligned.text();
    AlignedText.Builder builder = new AlignedText.Builder(aligned);
    for (int i = 0, next; i < text.length(); i = next) {
      next = text.offsetByCodePoints(i, 1);
      builder.append(text.substring(i, next).toLowerCase(Locale.ROOT), i, next);
    }
    return builder.build();
  }

  /** Puts a prefix before every text that is not empty. */
  static AlignedText prepend(String prefix, AlignedText aligned) {
    if (aligned.text().isEmpty()) {
      return aligned;
    }
    AlignedText.Builder builder = new AlignedText.Builder(aligned);
    builder.append(prefix, 0, 0);
    builder.keep(0, aligned.text().length());
    return builder.build();
  }

  /** Replaces every match by a fixed text. */
  static AlignedText replace(Pattern pattern, String content, AlignedText aligned) {
    Matcher matcher = pattern.matcher(aligned.text());
    AlignedText.Builder builder = new AlignedText.Builder(aligned);
    int from = 0;
    while (OnigurumaPattern.find(matcher)) {
      builder.keep(from, matcher.start());
      builder.append(content, matcher.start(), matcher.end());
      from = matcher.end();
    }
    builder.keep(from, aligned.text().length());
    return builder.build();
  }
}
