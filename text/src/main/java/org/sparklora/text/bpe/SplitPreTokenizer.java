package org.sparklora.text.bpe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts text at the matches of a pattern.
 *
 * @param invert treat what lies between the matches as the matches
 */
record SplitPreTokenizer(Pattern pattern, SplitBehavior behavior, boolean invert)
    implements PreTokenizer {

  /** A part of the text, matched or between matches. */
  private record Part(int start, int end, boolean matched) {}

  @Override
  public void cut(String text, int start, int end, int shift, PieceSink sink) {
    for (Part part : merge(parts(text, start, end))) {
      if (part.start < part.end) {
        sink.accept(text, part.start, part.end, shift);
      }
    }
  }

  private List<Part> parts(String text, int start, int end) {
    // Opaque bounds: look-around sees nothing outside, as the original matches a string of its own.
    Matcher matcher = pattern.matcher(text).region(start, end);
    List<Part> parts = new ArrayList<>();
    int from = start;
    try {
      while (matcher.find()) {
        if (from < matcher.start()) {
          parts.add(new Part(from, matcher.start(), invert));
        }
        parts.add(new Part(matcher.start(), matcher.end(), !invert));
        from = matcher.end();
      }
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "Cannot cut a text of %d characters with %s: the expression recurses too deeply; split the text or give the JVM a larger -Xss"
              .formatted(end - start, pattern),
          e);
    }
    if (from < end) {
      parts.add(new Part(from, end, invert));
    }
    return parts;
  }

  private List<Part> merge(List<Part> parts) {
    return switch (behavior) {
      case ISOLATED -> parts;
      case REMOVED -> parts.stream().filter(part -> !part.matched).toList();
      case CONTIGUOUS, MERGED_WITH_PREVIOUS -> mergedToTheLeft(parts);
      case MERGED_WITH_NEXT -> mergedToTheRight(parts);
    };
  }

  private List<Part> mergedToTheLeft(List<Part> parts) {
    List<Part> merged = new ArrayList<>();
    boolean previousMatched = false;
    for (Part part : parts) {
      boolean joins =
          behavior == SplitBehavior.CONTIGUOUS
              ? part.matched == previousMatched
              : part.matched && !previousMatched;
      if (joins && !merged.isEmpty()) {
        Part last = merged.remove(merged.size() - 1);
        merged.add(new Part(last.start, part.end, last.matched));
      } else {
        merged.add(part);
      }
      previousMatched = part.matched;
    }
    return merged;
  }

  private static List<Part> mergedToTheRight(List<Part> parts) {
    List<Part> backwards = new ArrayList<>();
    boolean nextMatched = false;
    for (int i = parts.size() - 1; i >= 0; i--) {
      Part part = parts.get(i);
      if (part.matched && !nextMatched && !backwards.isEmpty()) {
        Part next = backwards.remove(backwards.size() - 1);
        backwards.add(new Part(part.start, next.end, next.matched));
      } else {
        backwards.add(part);
      }
      nextMatched = part.matched;
    }
    Collections.reverse(backwards);
    return backwards;
  }
}
