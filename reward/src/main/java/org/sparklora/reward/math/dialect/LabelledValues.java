package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Several values with words for each, such as {@code minimum $-1$, maximum $3$} or {@code $20$
 * chickens and $15$ rabbits}.
 *
 * @param labels the words, in one spelling
 * @param values the mathematics beside each label
 */
record LabelledValues(List<String> labels, List<String> values) {
  /** Longer answers are no such lists. */
  private static final int LONGEST = 1_000;

  private static final Pattern SEPARATOR =
      Pattern.compile(
          "[,;，；、](?:\\s*+and(?!\\p{L}))?|(?<!\\p{L})(?:and|y|et|und)(?!\\p{L})|[和与且]"
              // The minimum is 2 at x = 1.
              + "|(?<!\\p{L})(?=at(?!\\p{L}))");
  private static final Pattern SEPARATORS =
      Pattern.compile("(?:[\\s,;:=，；、.。]|(?:and|or|y|et|und)(?!\\p{L})|[和与且])*+");

  /** Words of worked solutions and of conditions, which name no value. */
  private static final Pattern SENTENCE =
      Pattern.compile(
          "(?<!\\p{L})(?:we|so|then|thus|hence|therefore|since|because|if|when|where|for|let|have|get|gives?"
              + "|that|which|this|by|from|impl(?:y|ies)|find|found|solv\\p{L}*|such|some|any|all|answers?|solutions?"
              + "|only|not|no|or|but|except|than|into|between|after|before|using|as|it|yields?|obtain\\p{L}*|must|can"
              + "|integers?|constants?|multiplicity|donde|para|si|luego|entonces|où|donc|alors|pour|avec)"
              + "(?!\\p{L})|所以|因此|[则故得当若由因设或]|其中");

  private static final Pattern INTRODUCTION =
      Pattern.compile("^\\s*(?:there (?:are|is|were)|hay|il y a|有)\\s*$", Pattern.CASE_INSENSITIVE);

  /** Owners of labels: a circle with center …, the function has a maximum …. */
  private static final Pattern OWNER =
      Pattern.compile("^[\\p{L} ()]{0,40}(?<!\\p{L})(?:with|has) (?=\\p{L})");

  /** Words that may be left out beside a label. */
  private static final Pattern FILLER =
      Pattern.compile(
          "(?<!\\p{L})(?:the|an?(?=\\s+(?!is(?!\\p{L})|are(?!\\p{L}))\\p{L})|values?|is|are|was|of|equals?|attained|reached|achieved|occurs?"
              + "|el|la|es|le|est|valor|valeur)(?!\\p{L})|等于|[为是=:：.。]");

  private static final Pattern LABEL =
      Pattern.compile("(?=.*[\\p{L}(])(?:\\([0-9a-z]{1,3}\\))?[\\p{L}\\p{N} '’/-]{0,40}");

  private static final Pattern TEXT =
      Pattern.compile("\\\\(?:text[a-z]{0,6}|mathrm|mbox|operatorname)\\s*\\{([^{}]*)\\}");
  private static final Pattern PLAIN_WORDS =
      Pattern.compile("(?<![\\\\\\p{L}])\\p{L}{3,}(?:\\s+\\p{L}{2,})*+");

  /** The sign of a part, at the start or after a separator: {@code (1)\ 3;\quad (2)\ 5}. */
  private static final Pattern PART =
      Pattern.compile(
          "(?<=^|[,;，；]|[,;，；] |[,;，；]\\\\ |quad|quad )\\(([1-9]|[a-h])\\)(?=\\\\[ ,;:]|[\\s~]|\\\\q?quad)");

  /** Words, perhaps with numbers: {@code Apples: 12, Oranges: 8}. */
  static final Pattern PLAIN = Pattern.compile("[A-Z][a-z]{2,}[^\\\\$#{}<>^]*");

  private static final Pattern EXTREME = Pattern.compile("\\\\(max|min)(?=\\s*=)");
  private static final Pattern NAME = Pattern.compile("\\s*([a-zA-Z])\\s*=.*", Pattern.DOTALL);

  private static final String SPACING = "[\\s~,;:=，；、]|\\\\[ ,;:!]|\\\\q?quad(?![a-zA-Z])";
  private static final Pattern MATHEMATICS =
      Pattern.compile("((?:" + SPACING + ")*+)(.*?)((?:\\.|" + SPACING + ")*+)", Pattern.DOTALL);

  /** Pieces of mathematics and the words before, between and after them. */
  private record Pieces(List<String> words, List<String> values) {
    /** The values with their units; empty if they have labels. */
    Optional<List<String>> unlabelled() {
      List<String> measured = new ArrayList<>();
      boolean bare = isSeparator(words.get(0));
      for (int i = 0; bare && i < values.size(); i++) {
        String gap = words.get(i + 1);
        Matcher separator = SEPARATOR.matcher(gap);
        boolean found = separator.find();
        Optional<String> value =
            measured(values.get(i), found ? gap.substring(0, separator.start()) : gap);
        bare = value.isPresent() && (!found || isSeparator(gap.substring(separator.end())));
        value.ifPresent(whole -> measured.addAll(split(whole)));
      }
      return bare ? Optional.of(measured) : Optional.empty();
    }
  }

  private static boolean isSeparator(String words) {
    return SEPARATORS.matcher(words).matches();
  }

  /**
   * The labelled values of a solution whose mathematics has these words before, between and after
   * its pieces; empty if a piece has no label of its own.
   */
  static Optional<LabelledValues> of(List<String> words, List<String> values) {
    boolean first = !words.get(0).isBlank() && !INTRODUCTION.matcher(words.get(0)).matches();
    return values.size() < 2
        ? Optional.empty()
        : first ? labelsFirst(words, values) : labelsLast(words, values);
  }

  /** The values of a solution in LaTeX that begins with a label: {@code \text{minimum } -1, …}. */
  static Optional<LabelledValues> of(String latex) {
    Pieces pieces = pieces(latex);
    return pieces.words().get(0).isBlank() ? Optional.empty() : of(pieces.words(), pieces.values());
  }

  private static Optional<LabelledValues> labelsFirst(List<String> words, List<String> values) {
    List<String> labels = new ArrayList<>();
    List<String> measured = new ArrayList<>();
    for (int i = 0; i <= values.size(); i++) {
      String gap = words.get(i);
      Matcher separator = SEPARATOR.matcher(gap);
      boolean between = i > 0 && i < values.size();
      boolean apart = between && separator.find();
      boolean part = between && gap.strip().startsWith("(");
      if (between && !apart && !part) {
        return Optional.empty();
      }
      String unit = i == 0 || part ? "" : apart ? gap.substring(0, separator.start()) : gap;
      if (i > 0) {
        Optional<String> value = measured(values.get(i - 1), unit);
        if (value.isEmpty()) {
          return Optional.empty();
        }
        measured.add(value.get());
      }
      if (i < values.size()) {
        labels.add(label(apart && !part ? gap.substring(separator.end()) : gap));
      }
    }
    return distinct(labels, measured);
  }

  private static Optional<LabelledValues> labelsLast(List<String> words, List<String> values) {
    List<String> labels = new ArrayList<>();
    for (int i = 1; i <= values.size(); i++) {
      String gap = words.get(i);
      Matcher separator = SEPARATOR.matcher(gap);
      boolean last = i == values.size();
      if (!last && !(separator.find() && isSeparator(gap.substring(separator.end())))) {
        return Optional.empty();
      }
      labels.add(label(last ? gap : gap.substring(0, separator.start())));
    }
    return distinct(labels, values);
  }

  private static Optional<LabelledValues> distinct(List<String> labels, List<String> values) {
    boolean named = !labels.contains("") && labels.stream().distinct().count() == labels.size();
    return named ? Optional.of(new LabelledValues(labels, values)) : Optional.empty();
  }

  /** The value with the words after it, if these are none or a unit. */
  private static Optional<String> measured(String value, String words) {
    String unit = words.replaceAll("[.。]", "").strip();
    return unit.isEmpty()
        ? Optional.of(value)
        : Optional.of(value + "\\text{ " + unit + "}")
            .filter(whole -> AnswerUnit.isCommon(value, unit));
  }

  /** The label in one spelling; empty if the words are none. */
  private static String label(String words) {
    String text = words.toLowerCase(Locale.ROOT);
    if (SENTENCE.matcher(text).find()) {
      return "";
    }
    text = OWNER.matcher(text).replaceFirst("");
    text = FILLER.matcher(text).replaceAll(" ");
    text = text.replaceAll("(?<!\\p{L})maxim(?:um|a)(?!\\p{L})|最大值?|máximo", "max");
    text = text.replaceAll("(?<!\\p{L})minim(?:um|a)(?!\\p{L})|最小值?|mínimo", "min");
    text = text.replaceAll("[\\s,;，；、]+", " ").strip();
    return LABEL.matcher(text).matches() ? text : "";
  }

  /** Whether an answer has equal values, with the same labels or all of them in order. */
  boolean same(String answer, BiPredicate<String, String> same) {
    if (answer.length() > LONGEST) {
      return false;
    }
    Pieces pieces = pieces(answer);
    Optional<List<String>> unlabelled = pieces.unlabelled();
    if (unlabelled.isPresent()) {
      return inOrder(unlabelled.get(), same);
    }
    return of(pieces.words(), pieces.values())
        .filter(other -> other.labels.size() == labels.size())
        .filter(
            other -> {
              for (int i = 0; i < labels.size(); i++) {
                int at = other.labels.indexOf(labels.get(i));
                if (at < 0 || !same.test(values.get(i), other.values.get(at))) {
                  return false;
                }
              }
              return true;
            })
        .isPresent();
  }

  private boolean inOrder(List<String> given, BiPredicate<String, String> same) {
    List<String> names = labels.stream().map(label -> label.replaceAll("[()]", "")).toList();
    for (int i = 0; i < given.size(); i++) {
      Matcher named = NAME.matcher(given.get(i));
      // b = 12, a = 15 is another order than (a) 12, (b) 15.
      String name = named.matches() ? named.group(1).toLowerCase(Locale.ROOT) : "";
      boolean other = names.contains(name) && names.indexOf(name) != i;
      if (given.size() != values.size() || other || !same.test(values.get(i), given.get(i))) {
        return false;
      }
    }
    return !given.isEmpty();
  }

  private static Pieces pieces(String answer) {
    String text = PART.matcher(answer.strip()).replaceAll("\\\\text{($1)}");
    text = EXTREME.matcher(text).replaceAll("\\\\text{$1}");
    if (!TEXT.matcher(text).find()) {
      text = PLAIN_WORDS.matcher(text).replaceAll("\\\\text{$0}");
    }
    List<String> words = new ArrayList<>();
    List<String> values = new ArrayList<>();
    StringBuilder gap = new StringBuilder();
    Matcher chunk = TEXT.matcher(text);
    boolean more = true;
    for (int at = 0; more; ) {
      more = chunk.find();
      Matcher mathematics =
          MATHEMATICS.matcher(text.substring(at, more ? chunk.start() : text.length()));
      if (mathematics.matches()) {
        gap.append(spaces(mathematics.group(1)));
        if (!mathematics.group(2).isEmpty()) {
          words.add(gap.toString());
          values.add(mathematics.group(2));
          gap.setLength(0);
        }
        gap.append(spaces(mathematics.group(3)));
      }
      gap.append(more ? chunk.group(1) : "");
      at = more ? chunk.end() : at;
    }
    words.add(gap.toString());
    return new Pieces(words, values);
  }

  private static String spaces(String latex) {
    return latex.replaceAll("\\\\q?quad", ",").replaceAll("\\\\.|~", " ");
  }

  /** The parts between commas outside brackets. */
  private static List<String> split(String list) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      boolean space = i > 0 && list.charAt(i - 1) == '\\';
      if (depth == 0 && !space && ",，;；".indexOf(c) >= 0) {
        parts.add(list.substring(from, i));
        from = i + 1;
      }
    }
    parts.add(list.substring(from));
    return parts;
  }
}
