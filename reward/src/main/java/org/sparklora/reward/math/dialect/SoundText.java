package org.sparklora.reward.math.dialect;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Removes parts of an answer that do not belong to its value, and lists the readings of the rest:
 * with and without units, with grouped digits joined, with degrees as numbers or as angles.
 */
final class SoundText {
  private static final Pattern AND_OR =
      Pattern.compile(
          "(?:\\\\,|[\\s,~])*+(?:\\\\(?:text|mbox|quad|qquad)\\{?\\s*)?(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])\\s*\\}?(?:\\\\,|[\\s~])*+");
  private static final Pattern GROUPED =
      Pattern.compile(
          "(-?[1-9][0-9]{0,2})((?:\\s*(?:,|\\\\,|\\\\;|\\\\:|\\\\ |~|\\s)\\s*[0-9]{3})++)(\\.[0-9]+)?");

  /** A number as programs print it, or Euler's number beside others. */
  private static final Pattern SCIENTIFIC =
      Pattern.compile("(?<![a-zA-Z0-9.])([0-9]+(?:\\.[0-9]+)?)e([-+]?[0-9]+)(?![0-9a-zA-Z.^])");

  private static final Pattern DECIMAL_COMMA =
      Pattern.compile("(-?[0-9]+),([0-9]{1,2}|[0-9]{4,}|(?<=0,)[0-9]+)");

  /** A comma after which a bracket opens before one closes. */
  private static final Pattern OUTER_COMMA =
      Pattern.compile("(?<!\\\\),(?![^({\\[]*(?<!\\\\)[)}\\]])");

  /** Two points on opposite sides of the origin. */
  private static final Pattern SIGNED_POINT =
      Pattern.compile("(?s)(?:\\\\,|[\\s~])*+(?:\\\\pm|±)\\s*(\\([^(),]+(?:,[^(),]+)++\\))\\s*");

  /** Combinations or arrangements, or a point or function of two numbers: {@code C(10,3)}. */
  private static final Pattern COUNT =
      Pattern.compile(
          "(?<![a-zA-Z\\\\_])(?:\\\\(?:text|mathrm)\\{)?([CP])\\}?\\s*\\(\\s*(SIZE)\\s*,\\s*(SIZE)\\s*\\)"
              .replace("SIZE", "[0-9]{1,4}|[0-9]{0,3}[a-z](?:\\s*[-+]\\s*[0-9a-z]{1,3})?"));

  /** The same as {@code {}_{10}C_3} and {@code 10C3}. */
  private static final Pattern SHORT_COUNT =
      Pattern.compile(
          "(?<![0-9A-Za-z.)}])(?:(?:\\{\\})?[_^]\\{?|(?=[0-9]+[CP][0-9]))([0-9]{1,4})\\}?\\s*(?:\\\\(?:text|mathrm)\\{)?([CP])\\}?_?\\{?([0-9]{1,4})\\}?(?![0-9A-Za-z.])");

  private static final Pattern DEGREES =
      Pattern.compile(
          "([0-9.]+|\\\\frac\\{[^{}]*\\}\\{[^{}]*\\})\\s*\\^\\s*\\{?\\s*\\\\circ\\s*\\}?");
  private static final Pattern ANY_DEGREES = Pattern.compile("\\^\\s*\\{?\\s*\\\\circ\\s*\\}?");
  private static final Pattern MODULUS =
      Pattern.compile(
          "\\\\pmod\\s*(?:\\{\\s*([^{}]*?)\\s*\\}|([0-9]+|[a-z]))"
              + "(?=\\s*\\\\?$|\\s*(?:[,;]|\\\\text|\\\\lor|and\\b|or\\b))");
  private static final Pattern CONGRUENCE =
      Pattern.compile(
          "(?s)([^=]*\\\\equiv(?:(?!\\\\mod).)*)\\\\mod\\s*\\{?\\s*([0-9]+|[a-z])\\s*\\}?");
  private static final Pattern BASE =
      Pattern.compile(
          "\\(?\\s*(-?[0-9A-F]+)\\s*\\)?(?:_\\{?\\s*\\(?|[\\s~]*(?:\\\\text\\{)?\\s*\\(?base\\s)\\s*(?:\\\\text\\{)?([0-9]+|two|three|four|five|six|seven|eight|nine)[\\s})]*");
  private static final Pattern PERCENT =
      Pattern.compile(
          "(?:\\s|\\\\[ ,])*(?:\\\\text\\{\\s*(?:\\\\?%|percentage|percent|pct)\\s*\\}"
              + "|\\\\?%|(?<![a-zA-Z])(?:percentage|percent|pct)(?![a-zA-Z]))");
  private static final Pattern RELATION =
      Pattern.compile("[=<>]|\\\\(?:le|ge|lt|gt|ne|in)(?![a-zA-Z])|\\\\(?:leq|geq|neq)");
  private static final Pattern CURRENCY =
      Pattern.compile(
          "^(?:\\\\\\$|\\$|€|£|¥|₹|USD|EUR|US\\\\\\$|(?:Rs\\.?|\\\\text\\{\\s*Rs\\.?\\s*\\})(?=\\s*[0-9]))\\s*"
              + "|\\s*(?:€|£|¥|₹|USD|EUR|元)$");
  private static final Pattern CHOICE =
      Pattern.compile(
          "(?:(?:option|choice|answer):? )?\\(?([a-z])\\)?(?:[.:)]?(?:\\s(?!(?:and|or|[&/,])\\s*\\(?[a-z]\\)?(?![a-z])).*)?)?");

  /** Letters of choices and nothing else, which choose none: {@code A. B. C.} */
  private static final Pattern SEVERAL =
      Pattern.compile(severalOf("[a-h]") + "|" + severalOf("[A-H]"));

  /** A choice and its value: {@code \textbf{(B)}\ 12}. */
  private static final Pattern LABELLED =
      Pattern.compile(
          "(?s)\\s*(?:\\\\(?:text|textbf|mathrm|mathbf)\\s*\\{\\s*(?=\\([A-H]\\)\\s*\\}))?"
              + "(\\([A-H]\\))(?:\\s*\\}|(?=[\\s~\\\\]))((?!.*\\([A-H]\\)).*)");

  private static final Pattern CHOICES =
      Pattern.compile(
          "(?:\\(?[A-H]\\)?(?:(?:[\\s,;&]|and(?![a-z]))*+\\(?[A-H]\\)?)++|(?:\\([1-9]\\)(?:[\\s,;&]|and(?![a-z]))*){2,}|[①-⑨](?:(?:[\\s,;&]|and(?![a-z]))*[①-⑨])*)");
  private static final Pattern CASES =
      Pattern.compile(
          "(?s)(?:[a-zA-Z](?:\\([a-z]\\)|_\\{?[a-z]\\}?)?\\s*=\\s*)?"
              + "(?:(?:\\\\\\{\\s*)?\\\\begin\\{d?cases\\}|\\\\\\{\\s*\\\\begin\\{array\\}\\{[lcr]+\\})(.*)\\\\end\\{(?:d?cases|array)\\}");

  /** Stands between a value and its condition. */
  private static final String IF =
      "&|(?:\\\\(?:text|mathrm)\\{)?\\s*(?<![a-zA-Z])(?:if|when|for)(?![a-zA-Z])\\s*\\}?|,(?=[^,&\\\\]*(?:[=<>]|\\\\[lgn]e))";

  private static final Pattern ALL_BUT =
      Pattern.compile(
          "all real numbers,? (?:except|but|other than) (?:for )?(?:x ?= ?)?((?:[-0-9./, ]|and|or)+)");
  private static final Set<String> UNDEFINED =
      Set.of(
          "dne|undefined|the limit does not exist|does not exist|doesnotexist|not defined|no limit|\\frac{1}{0}|\\frac{0}{0}|1/0|0/0"
              .split("\\|"));

  private SoundText() {}

  /** A cleaned answer and the parts that were removed. */
  record Cleaned(
      String latex,
      boolean percent,
      Optional<String> modulus,
      Optional<String> base,
      Conjunction conjunction,
      boolean braced) {}

  /** An answer in words, in lower case, without commands and final points. */
  static String words(String written) {
    return withoutCommands(written).toLowerCase(Locale.ROOT);
  }

  private static String withoutCommands(String written) {
    String text = SoundLatex.of(written).replaceAll("~|\\\\[ ,]", " ");
    text = text.replaceAll("\\\\(?:text|textbf|textit|mathrm|mbox|mathbf|rm|bf)\\b", "");
    text = text.replaceAll("[{}$*\\\\]", "");
    return SoundLatex.trimmed(text.replaceAll("\\s+", " "));
  }

  /** The letter of a choice, from {@code (B)}, {@code B.}, {@code \textbf{(B)}\ 12}; not B or C. */
  static Optional<String> choice(String written) {
    Matcher m = CHOICE.matcher(words(written));
    String text = withoutCommands(written);
    // "a triangle" has an article.
    boolean none = text.matches("a [A-Za-z].*") || SEVERAL.matcher(text).matches();
    return m.matches() && !none ? Optional.of(m.group(1)) : Optional.empty();
  }

  /** Whether a solution is the letter of one choice. */
  static boolean isChoice(String gold) {
    String text =
        gold.replaceAll("\\\\(?:text|textbf|mathrm|mathbf|boldsymbol)", "")
            .replaceAll("[{}$ ]", "");
    return text.matches("\\(?[A-H]\\)?");
  }

  /** The signs of several choices or statements, from {@code (A) and (C)}, {@code AC}, ①③. */
  static Optional<String> choices(String written) {
    return Optional.of(withoutCommands(written))
        .filter(text -> CHOICES.matcher(text).matches())
        .map(text -> Normalizer.normalize(text, Normalizer.Form.NFKC))
        .map(text -> text.replaceAll("[^A-H1-9]", ""));
  }

  /** Whether an answer has the solution's signs, in its order unless they are two or sorted. */
  static boolean chooses(String signs, String answer) {
    boolean set = signs.length() == 2 || sorted(signs).equals(signs);
    return set ? sorted(signs).equals(sorted(answer)) : signs.equals(answer);
  }

  /** A pattern for two letters or more; in one case, as (B) e is a choice with its value. */
  private static String severalOf(String letter) {
    return "\\(?%1$s\\)?(?:(?:[\\s,;.:&/|]|(?<![a-zA-Z])(?i:and|or)(?![a-zA-Z]))++\\(?%1$s\\)?(?![a-zA-Z]))++"
        .formatted(letter);
  }

  private static String sorted(String signs) {
    return Stream.of(signs.split("")).sorted().collect(Collectors.joining());
  }

  /** A choice and its value in two groups, from {@code (B) 12}. */
  static Optional<Matcher> labelled(String written) {
    return Optional.of(LABELLED.matcher(written))
        .filter(m -> m.matches() && !m.group(2).isBlank() && choices(written).isEmpty());
  }

  static boolean isUndefined(String written) {
    String words = words(written).replaceFirst("^(?:it |the [a-z]+ )?is (?=undefined|not )", "");
    return UNDEFINED.contains(words) || UNDEFINED.contains(SoundLatex.of(written));
  }

  static Cleaned clean(String written) {
    String text = SoundLatex.of(written);
    text = spoken(words(written)).orElse(text);
    text = CONGRUENCE.matcher(text).replaceAll("$1\\\\pmod{$2}");
    Matcher mod = MODULUS.matcher(text);
    List<String> moduli =
        mod.results().map(m -> m.group(m.group(1) != null ? 1 : 2)).distinct().toList();
    // Several moduli remain in the text, which then cannot be parsed.
    Optional<String> modulus = moduli.size() == 1 ? Optional.of(moduli.get(0)) : Optional.empty();
    if (modulus.isPresent()) {
      text = SoundLatex.trimmed(mod.replaceAll(""));
      text = text.replaceAll("(?<!\\\\not)\\\\equiv(?![a-zA-Z])", "=");
    }
    Optional<String> base = Optional.empty();
    Matcher inBase = BASE.matcher(text);
    String radix = inBase.matches() ? spoken(inBase.group(2)).orElse(inBase.group(2)) : "";
    if (inBase.matches() && areDigits(inBase.group(1), radix)) {
      base = Optional.of(radix);
      text = inBase.group(1);
    }
    text = CURRENCY.matcher(text).replaceAll("");
    // One percent sign at the end of a number is a unit; others are parts of a term.
    text = PERCENT.matcher(text).replaceAll("\\\\%");
    boolean percent =
        text.matches("(?s)-?(?:[0-9]+,[0-9]+|(?:\\([^()]*\\)|[^-+=<>%,;()\\\\]|\\\\(?!%))*+)\\\\%")
            && !RELATION.matcher(text).find();
    if (percent) {
      text = SoundLatex.trimmed(text.replace("\\%", ""));
    }
    Conjunction conjunction = Conjunction.of(text);
    // A thin space keeps "5 or 125" from being the number 5,125.
    text = AND_OR.matcher(Conjunction.inWords(text)).replaceAll(",\\\\,");
    text = bothSigns(brackets(text));
    boolean braced = text.startsWith("\\{") && text.endsWith("\\}");
    return new Cleaned(text, percent, modulus, base, conjunction, braced);
  }

  /** Whether the base has all these digits: 4 has no D, so {@code D_4} is a name. */
  private static boolean areDigits(String number, String base) {
    int radix = base.length() > 2 ? 0 : Integer.parseInt(base); // only 2 to 36 have digits
    return number.chars().allMatch(c -> c == '-' || Character.digit(c, radix) >= 0);
  }

  /** The LaTeX of an answer in words. */
  private static Optional<String> spoken(String words) {
    Matcher allBut = ALL_BUT.matcher(words);
    if (allBut.matches()) {
      return Optional.of("\\mathbb{R}\\setminus\\{" + allBut.group(1) + "\\}");
    }
    String said = words.replaceAll("^there (?:is|are) (?=no )|(?<=solution)s$", "");
    return switch (said.replaceFirst("^the solutions? (?:is|are) (?=all )", "")) {
      case "infinity", "+infinity" -> Optional.of("\\infty");
      case "-infinity" -> Optional.of("-\\infty");
      case "all real numbers", "all reals", "all real numbers x" -> Optional.of("\\mathbb{R}");
      case "empty set", "the empty set", "none", "no solution", "no real solution" ->
          Optional.of("\\emptyset");
      case "无解", "无实数解", "空集", "sin solución", "pas de solution", "aucune solution" ->
          Optional.of("\\emptyset");
      default -> NumberWords.latex(words);
    };
  }

  static boolean areCases(String latex) {
    return CASES.matcher(latex).matches();
  }

  /**
   * The terms of 1:2:3 or a:b:c=1:2:3, divided by the first, or the values and conditions of cases;
   * none for a quotient 1:2.
   */
  static List<String> parts(String latex) {
    Matcher cases = CASES.matcher(latex);
    if (cases.matches()) {
      return Stream.of(cases.group(1).split("\\\\\\\\|" + IF))
          .map(SoundLatex::trimmed)
          .filter(part -> !part.isEmpty())
          .toList();
    }
    String[] terms = latex.replaceAll("^.*=", "").split(":", -1);
    return terms.length < 3 || latex.contains(",")
        ? List.of()
        : Stream.of(terms).skip(1).map(term -> "\\frac{" + term + "}{" + terms[0] + "}").toList();
  }

  /**
   * Lists both values of terms and points with a ± in brackets, such as {@code
   * \frac{1\pm\sqrt{5}}{2}} and {@code (0,\pm 4)}. Braces of a set stay around the list.
   */
  private static String bothSigns(String text) {
    boolean point = text.matches("(?s)\\([^()]*\\)");
    String[] terms = point ? new String[] {text} : OUTER_COMMA.split(text, -1);
    return Arrays.stream(terms).map(SoundText::ofBothSigns).collect(Collectors.joining(","));
  }

  private static String ofBothSigns(String term) {
    String[] sides = term.split("\\\\pm(?![a-zA-Z])|±", -1);
    String list = term.strip().startsWith("(") ? "" : "|(?<!\\\\),|;";
    Matcher point = SIGNED_POINT.matcher(term);
    if (point.matches()) {
      return point.group(1) + "," + point.group(1).replaceAll("([(,])([^(),]+)", "$1-($2)");
    }
    // The parser lists the values of a name, and not those of f(x) or of a left side.
    if (sides.length != 2
        || depth(sides[0]) <= 0
            && !sides[0].matches("\\s*[a-zA-Z]\\([a-z]\\)\\s*=[^=]*")
            && (sides[0].contains("=") || !sides[1].contains("="))
        || depth(term) != 0
        || term.matches("(?s).*(?:∓|\\\\mp" + list + ").*")) {
      return term;
    }
    return String.join(
        ",",
        sides[0] + "+" + sides[1].replace("\\}", ""),
        sides[0].replace("\\{", "") + "-" + sides[1]);
  }

  /** The number of brackets that are open at the end. */
  private static int depth(String text) {
    String brackets = text.replaceAll("\\\\.|[^{}()]", "");
    return 2 * brackets.replaceAll("[})]", "").length() - brackets.length();
  }

  /** Converts French and Russian intervals, set builders and angle brackets to the usual form. */
  private static String brackets(String text) {
    String result = text.replace("\\langle", "(").replace("\\rangle", ")");
    result = result.replaceAll("([\\[(])([^\\[\\](),;]+);([^\\[\\](),;]+)(?=[\\])])", "$1$2,$3");
    Matcher french =
        Pattern.compile(
                "([\\[\\]])(?![{}])([^\\[\\](),;]+)[,;]([^\\[\\](),;]+)(?<!\\\\sqrt)([\\[\\]])")
            .matcher(result);
    result =
        french.replaceAll(
            m ->
                Matcher.quoteReplacement(
                    (m.group(1).equals("]") ? "(" : "[")
                        + m.group(2)
                        + ","
                        + m.group(3)
                        + (m.group(4).equals("[") ? ")" : "]")));
    Matcher builder =
        Pattern.compile(
                "(?s)\\\\\\{\\s*[a-z](?:\\s*\\\\in\\s*\\\\mathbb\\{R\\})?(?:\\s|\\\\,)*(?:\\\\mid|\\||:|\\\\colon|\\\\vert)\\s*(.*)\\\\\\}")
            .matcher(result);
    return builder.matches() && RELATION.matcher(builder.group(1)).find()
        ? builder.group(1)
        : result;
  }

  private static String count(String letter, String all, String chosen) {
    return letter.equals("C")
        ? "\\\\binom{" + all + "}{" + chosen + "}"
        : "\\\\frac{(%1$s)!}{((%1$s)-(%2$s))!}".formatted(all, chosen);
  }

  /** The readings of the text, the most literal first. */
  static List<String> readings(String text) {
    Set<String> readings = new LinkedHashSet<>();
    String bare = text.replace("~", " ");
    if (bare.contains("\\approx")) {
      bare = bare.replaceAll("(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", ""); // 1,234.5 ≈ 1,235
    }
    Matcher grouped = GROUPED.matcher(text);
    if (grouped.matches()) {
      readings.add(
          grouped.group(1)
              + grouped.group(2).replaceAll("[^0-9]", "")
              + (grouped.group(3) == null ? "" : grouped.group(3)));
      // The joined digits are one number, and not also a list, which would be another answer.
      if (!text.matches("-?[0-9]+\\s*,\\s+[0-9 ,.]+")) {
        return List.copyOf(readings);
      }
    }
    // 6 s may be a time or a product.
    AnswerUnit.afterNumber(bare).ifPresent(found -> readings.addAll(readings(found.amount())));
    if (DEGREES.matcher(bare).find() || ANY_DEGREES.matcher(bare).find()) {
      readings.add(DEGREES.matcher(bare).replaceAll("(($1)\\\\pi/180)"));
      if (!bare.matches("(?s).*\\\\(?:sin|cos|tan|cot|sec|csc).*")) {
        readings.add(ANY_DEGREES.matcher(bare).replaceAll(""));
      }
      return List.copyOf(readings);
    }
    readings.add(bare);
    readings.add(SCIENTIFIC.matcher(bare).replaceAll("$1E$2"));
    readings.add(COUNT.matcher(bare).replaceAll(m -> count(m.group(1), "$2", "$3")));
    readings.add(SHORT_COUNT.matcher(bare).replaceAll(m -> count(m.group(2), "$1", "$3")));
    AnswerUnit.atEnd(bare).ifPresent(ended -> readings.add(ended.amount()));
    Matcher comma = DECIMAL_COMMA.matcher(text);
    if (comma.matches()) {
      readings.add(comma.group(1) + "." + comma.group(2));
    }
    // "√2 ≈ 1.41" gives its first and its last side.
    int last = bare.lastIndexOf("\\approx");
    if (last >= 0) {
      readings.add(SoundLatex.trimmed(bare.substring(last + "\\approx".length())));
    }
    return new ArrayList<>(readings);
  }
}
