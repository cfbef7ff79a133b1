package org.sparklora.text.bpe;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/** A {@code normalizer} of tokenizer.json: rewrites text before it is cut. Thread-safe. */
sealed interface TextNormalizer {

  AlignedText apply(AlignedText text);

  /** The text alone, for the content of added tokens. */
  default String apply(String text) {
    return apply(AlignedText.of(text)).text();
  }

  static TextNormalizer read(JsonFields json) {
    if (json.isAbsent()) {
      return new Chain(List.of());
    }
    return switch (Components.type(json)) {
      case "Sequence" ->
          new Chain(json.children("normalizers").stream().map(TextNormalizer::read).toList());
      case "NFC", "NFD", "NFKC", "NFKD" ->
          new UnicodeForm(Normalizer.Form.valueOf(Components.type(json)));
      case "Lowercase" -> new Lowercase();
      case "Prepend" -> new Prepend(json.required("prepend"));
      case "Replace" -> new Replace(pattern(json.child("pattern")), json.required("content"));
      case "Strip" -> new Strip(json.flag("strip_left", true), json.flag("strip_right", true));
      default -> throw Components.unsupportedType(json);
    };
  }

  /** A {@code {"String": …}} or {@code {"Regex": …}}. */
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

  /** One after the other. */
  record Chain(List<TextNormalizer> steps) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText text) {
      AlignedText result = text;
      for (TextNormalizer step : steps) {
        result = step.apply(result);
      }
      return result;
    }
  }

  /** A Unicode normal form. */
  record UnicodeForm(Normalizer.Form form) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      String text = aligned.text();
      if (Normalizer.isNormalized(text, form)) {
        return aligned;
      }
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      int start = 0;
      while (start < text.length()) {
        int end = clusterEnd(text, start);
        String cluster = text.substring(start, end);
        boolean inert = UnicodeClasses.isInert(text.codePointAt(start));
        builder.append(inert ? cluster : Normalizer.normalize(cluster, form), start, end);
        start = end;
      }
      return builder.build();
    }

    /** The end of a run whose form does not depend on its neighbours; an inert character's own. */
    private int clusterEnd(String text, int start) {
      int end = start + Character.charCount(text.codePointAt(start));
      if (UnicodeClasses.isInert(text.codePointAt(start))) {
        return end;
      }
      while (end < text.length() && mayCompose(text.codePointAt(end))) {
        end += Character.charCount(text.codePointAt(end));
      }
      return end;
    }

    /** Whether a character may merge with, or be sorted among, those before it. */
    private boolean mayCompose(int c) {
      if (c < 0x300 || UnicodeClasses.isInert(c)) {
        return false;
      }
      boolean conjoiningJamo =
          c >= 0x1160 && c <= 0x11FF || c >= 0xD7B0 && c <= 0xD7FF || c >= 0xFFA0 && c <= 0xFFDC;
      // these become conjoining ones first
      boolean compatibilityJamo =
          c >= 0x3131
              && c <= 0x318E
              && (form == Normalizer.Form.NFKC || form == Normalizer.Form.NFKD);
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

  /** Every character in lower case by itself: Rust knows no final sigma here. */
  record Lowercase() implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      String text = aligned.text();
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      for (int i = 0, next; i < text.length(); i = next) {
        next = text.offsetByCodePoints(i, 1);
        builder.append(text.substring(i, next).toLowerCase(Locale.ROOT), i, next);
      }
      return builder.build();
    }
  }

  /** Something before every text that is not empty. */
  record Prepend(String prefix) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      if (aligned.text().isEmpty()) {
        return aligned;
      }
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      builder.append(prefix, 0, 0);
      builder.keep(0, aligned.text().length());
      return builder.build();
    }
  }

  /** Every match by a fixed text. */
  record Replace(Pattern pattern, String content) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      Matcher matcher = pattern.matcher(aligned.text());
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      int from = 0;
      while (matcher.find()) {
        builder.keep(from, matcher.start());
        builder.append(content, matcher.start(), matcher.end());
        from = matcher.end();
      }
      builder.keep(from, aligned.text().length());
      return builder.build();
    }
  }

  /** White space off one or both ends. */
  record Strip(boolean left, boolean right) implements TextNormalizer {
    @Override
    public AlignedText apply(AlignedText aligned) {
      String text = aligned.text();
      int start = left ? PieceScanner.spaceEnd(text, 0, text.length()) : 0;
      int end = text.length();
      while (right && end > start && UnicodeClasses.isWhitespace(text.charAt(end - 1))) {
        end--;
      }
      AlignedText.Builder builder = new AlignedText.Builder(aligned);
      builder.keep(start, end);
      return builder.build();
    }
  }
}
