package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Finds mathematics between delimiters: {@code $$…$$}, {@code \[…\]}, {@code $…$}, {@code \(…\)},
 * {@code […]} between spaces, and a literal {@code \frac{1}{2}}; also lists of these joined by
 * commas, "and", "or".
 *
 * <p>A scanner instead of regular expressions, which recurse on long texts and try each opening
 * delimiter against the rest of the text. An instance serves one text.
 */
public final class LatexEnvironments {
  private static final int LONGEST_LIST = 6;

  /** Trying a place costs as much as scanning this many characters. */
  private static final int CHARACTERS_A_TRY = 16;

  private static final String NUMBER = "\\{-?[0-9]++(?:[.,][0-9]++)?\\}";
  private static final Pattern FRACTION = Pattern.compile("\\\\frac" + NUMBER + NUMBER);

  private static final String[] PERCENT_WORDS = {"\\%", "%", "Percent", "percent", "Pct", "pct"};

  /**
   * One piece of mathematics; {@code end} is after the spaces and percent sign that follow it. The
   * content is copied only when read: each opening before one end would copy the rest.
   */
  public record Environment(String text, int start, int end, int from, int to, boolean percent) {
    public String content() {
      return text.substring(from, to);
    }
  }

  private final String text;
  private final AlgebraLimit budget;

  /** By delimiter, so that no stretch is searched twice. */
  private final Map<String, Occurrences> searches = new HashMap<>();

  public LatexEnvironments(String text, AlgebraLimit budget) {
    this.text = text;
    this.budget = budget;
  }

  private int next(String delimiter, int from) {
    return searches
        .computeIfAbsent(delimiter, wanted -> new Occurrences(text, wanted, budget))
        .next(from);
  }

  /** Passes every list in the text to {@code consumer}, from left to right. */
  public void forEachList(boolean boxed, Consumer<List<Environment>> consumer) {
    int at = nextStart(0);
    while (at < text.length()) {
      List<Environment> list = listAt(at, boxed);
      if (!list.isEmpty()) {
        consumer.accept(list);
      }
      at = nextStart(list.isEmpty() ? at + 1 : list.get(list.size() - 1).end());
    }
  }

  /** The next place at which a list may begin, or the text's length. */
  private int nextStart(int from) {
    int at = from;
    while (at < text.length() && !mayStart(text.charAt(at))) {
      at++;
    }
    budget.scan(at - from + 1);
    return at;
  }

  private static boolean mayStart(char c) {
    return c == '$' || c == '\\' || c == '-' || Spaces.isSpace(c);
  }

  /** The longest list that begins at {@code start}; empty if none does. */
  public List<Environment> listAt(int start, boolean boxed) {
    if (start >= text.length() || !mayStart(text.charAt(start))) {
      return List.of();
    }
    budget.scan(CHARACTERS_A_TRY);
    List<Environment> list = new ArrayList<>();
    Optional<Environment> next = at(start, boxed);
    while (next.isPresent()) {
      Environment environment = next.get();
      list.add(environment);
      if (list.size() == LONGEST_LIST) {
        break;
      }
      int joined = afterJoiner(skipSpaces(environment.end()));
      next = joined < 0 ? Optional.empty() : afterSpaces(joined, boxed);
    }
    return list;
  }

  /** The list after any spaces; {@code […]} may need the last space before it. */
  List<Environment> listAfterSpaces(int start) {
    int at = skipSpaces(start);
    List<Environment> list = listAt(at, false);
    return list.isEmpty() && at > start ? listAt(at - 1, false) : list;
  }

  private Optional<Environment> afterSpaces(int start, boolean boxed) {
    int at = skipSpaces(start);
    Optional<Environment> found = at(at, boxed);
    return found.isEmpty() && at > start ? at(at - 1, boxed) : found;
  }

  /** The position after a comma, "and" or "or", or −1. Spaces before it are already skipped. */
  private int afterJoiner(int at) {
    int word = text.startsWith(",", at) ? at + 1 : at;
    if (text.startsWith("and", word)) {
      return word + 3;
    }
    if (text.startsWith("or", word)) {
      return word + 2;
    }
    return word > at ? word : -1;
  }

  private Optional<Environment> at(int start, boolean boxed) {
    if (start >= text.length()) {
      return Optional.empty();
    }
    char c = text.charAt(start);
    boolean escaped = start > 0 && text.charAt(start - 1) == '\\';
    if (c == '$' && !escaped) {
      if (text.startsWith("$$", start)) {
        // An immediate "$$" would close empty content, whose first dollar may not precede a dollar.
        return delimited(start, 2, close("$$", start + 2, false), boxed);
      }
      boolean afterDigit = start > 0 && Character.isDigit(text.codePointBefore(start));
      return afterDigit
          ? Optional.empty()
          : delimited(start, 1, close("$", start + 1, true), boxed);
    }
    if (c == '\\') {
      if (!escaped && text.startsWith("\\[", start)) {
        return delimited(start, 2, close("\\]", start + 2, false), boxed);
      }
      if (!escaped && text.startsWith("\\(", start)) {
        return delimited(start, 2, close("\\)", start + 2, true), boxed);
      }
      return boxed ? Optional.empty() : fraction(start, start);
    }
    if (c == '-' && !boxed && text.startsWith("\\frac{", start + 1)) {
      return fraction(start, start + 1);
    }
    if (Spaces.isSpace(c) && text.startsWith("[", start + 1)) {
      return spacedBracket(start, boxed);
    }
    return Optional.empty();
  }

  private Optional<Environment> delimited(int start, int width, int close, boolean boxed) {
    if (close <= start + width) {
      return Optional.empty();
    }
    return boxed && !holdsBox(start + width, close)
        ? Optional.empty()
        : Optional.of(environment(start, close + width, start + width, close));
  }

  private boolean holdsBox(int from, int to) {
    int box = next("\\boxed{", from);
    if (box < 0 || box + 8 >= to) {
      return false;
    }
    int brace = next("}", box + 8);
    return brace >= 0 && brace < to;
  }

  private Environment environment(int start, int end, int from, int to) {
    budget.step();
    int after = skipSpaces(end);
    for (String word : PERCENT_WORDS) {
      if (text.startsWith(word, after)) {
        return new Environment(text, start, after + word.length(), from, to, true);
      }
    }
    return new Environment(text, start, after, from, to, false);
  }

  /** The next closing delimiter; −1 if a backslash or, {@code inLine}, a line end is before it. */
  private int close(String delimiter, int from, boolean inLine) {
    int close = next(delimiter, from);
    int lineEnd = inLine && close >= 0 ? next("\n", from) : -1;
    boolean cut = lineEnd >= 0 && lineEnd < close;
    return close >= 0 && !cut && text.charAt(close - 1) != '\\' ? close : -1;
  }

  private Optional<Environment> spacedBracket(int start, boolean boxed) {
    int i = start + 2;
    while (i < text.length() && "\n[]".indexOf(text.charAt(i)) < 0) {
      i++;
    }
    budget.scan(i - start);
    boolean closed = i > start + 2 && i + 1 < text.length() && text.charAt(i) == ']';
    return closed && Spaces.isSpace(text.charAt(i + 1)) && (!boxed || holdsBox(start + 2, i))
        ? Optional.of(environment(start, i + 2, start + 2, i))
        : Optional.empty();
  }

  /** A fraction of two plain numbers, which needs no delimiters. */
  private Optional<Environment> fraction(int start, int command) {
    if (!text.startsWith("\\frac{", command)) {
      return Optional.empty();
    }
    Matcher fraction = FRACTION.matcher(budget.over(text)).region(command, text.length());
    return fraction.lookingAt()
        ? Optional.of(environment(start, fraction.end(), start, fraction.end()))
        : Optional.empty();
  }

  int skipSpaces(int from) {
    int at = from;
    while (at < text.length() && Spaces.isSpace(text.charAt(at))) {
      at++;
    }
    budget.scan(at - from);
    return at;
  }
}
