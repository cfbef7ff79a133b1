package org.sparklora.reward.math.dialect;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.number.Rational;

/**
 * Removes parts of an answer that do not belong to its value, and lists the readings of the rest:
 * with and without units, with grouped digits joined, with degrees as numbers or as angles.
 */
final class SoundText {
  static final Pattern AND_OR =
      Pattern.compile(
          "(?:\\\\,|[\\s,~])*+(?:\\\\(?:text|mbox|quad|qquad)\\{?\\s*)?(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])\\s*\\}?(?:\\\\,|[\\s~])*+");
  private static final Pattern GROUPED =
      Pattern.compile(
          "((?:[a-zA-Z\\\\][^=<>,;]*=\\s*(?!.*,\\s)(?:\\\\?\\$)?)?+-?[1-9][0-9]{0,2})((?:\\s*(?:,|\\\\,|\\\\;|\\\\:|\\\\ |~|\\s)\\s*[0-9]{3})++)(\\.[0-9]+)?");

  /** A number as programs print it, or Euler's number beside others. */
  private static final Pattern SCIENTIFIC =
      Pattern.compile("(?<![a-zA-Z0-9.])([0-9]+(?:\\.[0-9]+)?)e([-+]?[0-9]+)(?![0-9a-zA-Z.^])");

  private static final Pattern DECIMAL_COMMA =
      Pattern.compile("(-?[0-9]+),([0-9]{1,2}|[0-9]{4,}|(?<=0,)[0-9]+)");

  /** A comma after which a bracket opens before one closes. */
  static final Pattern OUTER_COMMA = Pattern.compile("(?<!\\\\),(?![^({\\[]*(?<!\\\\)[)}\\]])");

  /** Two points on opposite sides of the origin, or a multiple of a point. */
  private static final Pattern SIGNED_POINT =
      Pattern.compile(
          "(?s)((?:\\\\,|[\\s~])*+(?:(?:\\([^()]*\\)|[a-zA-Z])\\s*+=)?+\\s*+)"
              + "(\\\\pm|±|-?(?:[0-9]++(?:\\.[0-9]++)?|\\\\frac\\{[^{}]++\\}\\{[^{}]++\\}|\\\\sqrt\\{[^{}]++\\})++)"
              + "(?:\\\\cdot|\\\\,|\\s)*+(\\([^(),]+(?:,[^(),]+)++\\))\\s*");

  /** A set of numbers with a condition. */
  static final Pattern BUILDER =
      Pattern.compile(
          "(?s)\\\\\\{\\s*([a-z])(?:\\s*\\\\in\\s*\\\\mathbb\\{R\\})?(?:\\s|\\\\,)*(?:\\\\mid|\\||:|\\\\colon|\\\\vert)\\s*(.*)\\\\\\}");

  /** Combinations or arrangements, or a point or function of two numbers: {@code C(10,3)}. */
  private static final Pattern COUNT =
      Pattern.compile(
          "(?<![a-zA-Z\\\\_])(?:\\\\(?:text|mathrm)\\{)?([CP])\\}?\\s*\\(\\s*(SIZE)\\s*,\\s*(SIZE)\\s*\\)"
              .replace("SIZE", "[0-9]{1,4}|[0-9]{0,3}[a-z](?:\\s*[-+]\\s*[0-9a-z]{1,3})?"));

  /** The same as {@code {}_{10}C_3} and {@code 10C3}. */
  private static final Pattern SHORT_COUNT =
      Pattern.compile(
          "(?<![0-9A-Za-z.)}])(?:(?:\\{\\})?[_^]\\{?|(?=[0-9]+[CP][0-9]))([0-9]{1,4})\\}?\\s*(?:\\\\(?:text|mathrm)\\{)?([CP])\\}?_?\\{?([0-9]{1,4})\\}?(?![0-9A-Za-z.])");

  private static final Pattern MODULUS =
      Pattern.compile(
          "\\\\pmod\\s*(?:\\{\\s*([^{}]*?)\\s*\\}|([0-9]+|[a-z]))"
              + "(?=\\s*\\\\?$|\\s*(?:[,;]|\\\\text|\\\\lor|and\\b|or\\b))");

  /** {@code 5 \mid n-2} and {@code n \bmod 5 = 2}, which are congruences. */
  private static final Pattern DIVIDES =
      Pattern.compile(
          "^([1-9][0-9]{0,17})\\s*(?:\\\\mid|\\|)\\s*\\(?\\s*([a-z])\\s*([-+]\\s*[0-9]{1,18})?\\s*\\)?$");

  private static final Pattern REMAINDER =
      Pattern.compile(
          "^([a-z])\\s*\\\\mod\\s*\\{?\\s*([1-9][0-9]{0,17})\\s*\\}?\\s*=\\s*([0-9]{1,18})$");
  private static final Pattern CONGRUENCE =
      Pattern.compile(
          "(?s)([^=]*\\\\equiv(?:(?!\\\\mod).)*)\\\\mod\\s*\\{?\\s*([0-9]+|[a-z])\\s*\\}?");
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
          "(?s)(?:\\\\[,;: ]|[\\s~])*+(?:\\\\(?:text|textbf|mathrm|mathbf)\\s*\\{\\s*(?=(?:\\([A-H]\\)|[A-H][.:)])\\s*\\}))?"
              + "\\(?([A-H])(?:(?<=\\([A-H])\\)|(?<!\\([A-H])(?:[.)]|:(?!.*(?:[=<>]|\\\\(?:in|ne|[lg]e)))))"
              + "(?:\\s*\\}|(?=[\\s~\\\\]))((?!.*(?:\\([A-H]\\)|(?<![a-zA-Z])[A-H][.:)][\\s~\\\\}])).*)");

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
      boolean braced) {

    /** The value of a number in another base: 204 in base 5 is 54. */
    Optional<Expr> inBase() {
      return base.map(radix -> new Decimals.Numeral(latex, Integer.parseInt(radix)))
          .map(number -> Num.of(Rational.of(number.value())));
    }
  }

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

  /** The text in digits if it is in words, or as a matrix beside one. */
  static String plain(String written, String other) {
    boolean matrices = MatrixNotation.isMatrix(written) || MatrixNotation.isMatrix(other);
    return matrices ? MatrixNotation.asMatrix(written) : AnswerWords.inDigits(written);
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
    text = AnswerWords.latex(words(written)).orElse(text);
    text = DIVIDES.matcher(text).replaceFirst("$2\\\\equiv 0-(0$3)\\\\pmod{$1}");
    text = REMAINDER.matcher(text).replaceFirst("$1\\\\equiv $3\\\\pmod{$2}");
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
    Optional<Decimals.Numeral> numeral = Decimals.lastNumeral(text);
    Optional<String> base = numeral.map(number -> String.valueOf(number.radix()));
    text = numeral.map(Decimals.Numeral::digits).orElse(text);
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
    text = AND_OR.matcher(Conjunction.grouped(Conjunction.inWords(text))).replaceAll(",\\\\,");
    text = brackets(NamedSets.listed(NamedValues.namedOnce(text)));
    boolean signs = text.matches("(?s)[^(]*(?:\\\\pm(?![a-zA-Z])|±).*");
    text = bothSigns(text);
    boolean braced = signs || text.startsWith("\\{") && text.endsWith("\\}");
    return new Cleaned(text, percent, modulus, base, conjunction, braced);
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
    String ratio = latex.replace("\\,", "");
    String[] terms = ratio.replaceAll("^.*=", "").split(":", -1);
    return terms.length < 3 || ratio.contains(",")
        ? List.of()
        : Stream.of(terms).skip(1).map(term -> "\\frac{" + term + "}{" + terms[0] + "}").toList();
  }

  /**
   * Lists both values of terms and points with a ± in brackets, such as {@code
   * \frac{1\pm\sqrt{5}}{2}} and {@code (0,\pm 4)}. Braces of a set stay around the list.
   */
  private static String bothSigns(String text) {
    boolean point = text.matches("(?s)\\([^()]*\\)") || SIGNED_POINT.matcher(text).matches();
    String[] terms = point ? new String[] {text} : OUTER_COMMA.split(text, -1);
    // The parser lists both values of the x in x = ±1, but not beside x = 0.
    Stream<String> names = Stream.of(terms).map(t -> t.replaceAll("\\\\,|\\s|(?s:=.*)", ""));
    boolean several = terms.length > 1 && names.distinct().count() == 1;
    return Stream.of(terms).map(t -> ofBothSigns(t, several)).collect(Collectors.joining(","));
  }

  private static String ofBothSigns(String term, boolean several) {
    String[] sides = term.split("\\\\pm(?![a-zA-Z])|±", -1);
    String list = term.strip().startsWith("(") ? "" : "|(?<!\\\\),|;";
    Matcher point = SIGNED_POINT.matcher(term);
    if (point.matches()) {
      boolean both = point.group(2).matches("\\\\pm|±");
      String factor = both ? "-" : Matcher.quoteReplacement(point.group(2) + "\\cdot");
      String other = point.group(3).replaceAll("([(,])([^(),]+)", "$1" + factor + "($2)");
      return point.group(1) + (both ? point.group(3) + "," : "") + other;
    }
    // The parser lists the values of a name, and not those of f(x) or of a left side.
    if (sides.length != 2
        || depth(sides[0]) <= 0
            && !sides[0].matches("\\s*[a-zA-Z]\\([a-z]\\)\\s*=[^=]*")
            && (sides[0].contains("=") ? !several : !sides[1].contains("="))
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
    Matcher builder = BUILDER.matcher(result);
    return builder.matches()
            && RELATION.matcher(builder.group(2)).find()
            && StatedConstants.has(builder.group(2), builder.group(1))
        ? builder.group(2)
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
      // The joined digits are one number, and not also a list, which would be another answer;
      // after a name they may be either.
      if (!text.contains("=") && !text.matches("-?[0-9]+\\s*,\\s+[0-9 ,.]+")) {
        return List.copyOf(readings);
      }
    }
    // 6 s may be a time or a product.
    AnswerUnit.afterNumber(bare).ifPresent(found -> readings.addAll(readings(found.amount())));
    if (Angles.hasDegrees(bare)) {
      readings.add(Angles.numbersInRadians(bare));
      if (!bare.matches("(?s).*\\\\(?:sin|cos|tan|cot|sec|csc).*")) {
        readings.add(Angles.withoutDegrees(bare));
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
