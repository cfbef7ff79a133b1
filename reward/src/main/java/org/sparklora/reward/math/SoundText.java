package org.sparklora.reward.math;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings an answer as people write it into LaTeX that can be parsed, and lists the readings it
 * allows: with and without units, with grouped digits joined, with degrees as numbers or as angles.
 */
final class SoundText {
  private static final String[][] SIGNS = {
    {"−", "-"},
    {"–", "-"},
    {"×", "\\times "},
    {"·", "\\cdot "},
    {"π", "\\pi "},
    {"∞", "\\infty "},
    {"^°", "^\\circ "},
    {"≤", "\\le "},
    {"≥", "\\ge "},
    {"≠", "\\ne "},
    {"°", "^\\circ "},
    {"²", "^2"},
    {"³", "^3"},
    {"∪", "\\cup "},
    {"∩", "\\cap "},
    {"∈", "\\in "},
    {"∅", "\\emptyset "},
    {"≈", "\\approx "},
    {"½", "\\frac{1}{2}"},
    {"\u00a0", " "},
    {"{,}", ","},
    {"\\!", ""},
    {"\\displaystyle", ""},
    {"\\degree", "^\\circ"},
    {"\\colon", ":"},
    {":=", "="},
    {"\\lbrace", "\\{"},
    {"\\rbrace", "\\}"},
    {"\\bigl", ""},
    {"\\bigr", ""},
    {"\\Bigl", ""},
    {"\\Bigr", ""},
    {"\\left.", ""},
    {"\\right.", ""},
    {"\\mathbf{R}", "\\mathbb{R}"},
    {"\\R ", "\\mathbb{R} "},
    {"\\varnothing", "\\emptyset "},
    {"\\{ \\}", "\\emptyset "},
    {"\\{\\}", "\\emptyset "},
    {"\\log_e", "\\ln "},
    {"\\log_{e}", "\\ln "},
    {"\\mathrm{i}", "i"},
    {"\\mathrm{e}", "e"},
    {"\\text{e}", "e"},
    {"\\tau", "(2\\pi)"},
    {"\\leqslant", "\\le"},
    {"\\geqslant", "\\ge"},
    {"\\iff", ","},
    {"\\imath", "i"},
    {"\\lt", "<"},
    {"\\gt", ">"},
    {"**", ""},
    {"\\bmod", "\\pmod"},
    {"\\mod ", "\\pmod "},
  };

  /** Runs of blanks become one: patterns that allow blanks on both sides would try every split. */
  private static final Pattern SPACES = Pattern.compile("[ \\t]{2,}");

  private static final Pattern SIZE = Pattern.compile("\\\\(?:left|right|big|Big)(?![a-zA-Z])");
  private static final Pattern FRACTION_NAME = Pattern.compile("\\\\[dtc]frac");
  private static final Pattern FUNCTION_NAME =
      Pattern.compile(
          "\\\\(?:operatorname|text|mathrm)\\{(sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|ln|log|exp|max|min|det)\\}");
  private static final Pattern WHOLE_NUMBER_FUNCTION =
      Pattern.compile("\\\\(?:text|mathrm)\\{(gcd|lcm)\\}");
  private static final Pattern BOLD_NUMBER =
      Pattern.compile(
          "\\\\(?:mathbf|boldsymbol|bm|textbf|text|mathrm|mathit)\\{\\s*(-?[0-9][0-9.,/ ]*)\\s*\\}");
  private static final Pattern TEXT_EQUATION = Pattern.compile("\\\\text\\{([^{}]*=[^{}]*)\\}");
  private static final Pattern FINAL_UNIT =
      Pattern.compile(
          "(.*[0-9}])(?:\\\\[,; ]|\\s)*+(\\\\(?:text|mathrm)\\{\\s*[a-zA-Z][a-zA-Z ./]*\\}(?:\\^\\{?[0-9]\\}?)?)");
  private static final Pattern BARE_ROOT = Pattern.compile("\\\\sqrt\\s*([0-9a-zA-Z])");
  private static final Pattern BARE_ROOT_OF_DEGREE =
      Pattern.compile("\\\\sqrt\\s*(\\[[^\\]]*\\])\\s*([0-9a-zA-Z])");
  private static final Pattern ROOT_SIGN =
      Pattern.compile("√\\s*(?:\\(([^()]*)\\)|([0-9]+|[a-zA-Z]))");
  private static final Pattern PLAIN_ROOT =
      Pattern.compile("(?<![\\\\a-zA-Z])sqrt\\s*(?:\\(([^()]*)\\)|\\{([^{}]*)\\}|([0-9]+))");
  private static final Pattern BARE_FRACTION = Pattern.compile("\\\\frac\\s*([0-9])\\s*([0-9])");
  private static final Pattern BARE_ABOVE = Pattern.compile("\\\\frac\\s*([0-9a-zA-Z])\\s*\\{");
  private static final Pattern BARE_BELOW =
      Pattern.compile("(\\\\frac\\{(?:[^{}]|\\{[^{}]*\\})*+\\})\\s*([0-9a-zA-Z])");
  private static final Pattern MIXED =
      Pattern.compile("(?<![0-9.}^_])([0-9]+)\\s*\\\\frac\\{([0-9]+)\\}\\{([0-9]+)\\}");
  private static final Pattern POWER_IN_PARENTHESES = Pattern.compile("\\^\\s*\\(([^()]*)\\)");
  private static final Pattern SIGNED_POWER = Pattern.compile("\\^\\s*(-[0-9a-zA-Z])");
  private static final Pattern POINT = Pattern.compile("(?<![0-9])\\.(?=[0-9])");
  private static final Pattern OUTER =
      Pattern.compile("(?s)(?:\\$+|\\\\\\(|\\\\\\[)(.*?)(?:\\$+|\\\\\\)|\\\\\\])");
  private static final Pattern INNER =
      Pattern.compile(
          "\\\\\\((.+?)\\\\\\)|\\\\\\[((?s:.+?))\\\\\\]|\\$\\$([^$]+)\\$\\$|\\$([^$\n]+)\\$");
  private static final Pattern AND_OR =
      Pattern.compile(
          "\\s*,?\\s*(?:\\\\(?:text|mbox|quad|qquad)\\{?\\s*)?(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])\\s*\\}?\\s*");
  private static final Pattern GROUPED =
      Pattern.compile(
          "(-?[0-9]{1,3})((?:\\s*(?:,|\\\\,|\\\\;|\\\\:|\\\\ |~|\\s)\\s*[0-9]{3})++)(\\.[0-9]+)?");
  private static final Pattern DECIMAL_COMMA =
      Pattern.compile("(-?[0-9]+),([0-9]{1,2}|[0-9]{4,}|(?<=0,)[0-9]+)");
  private static final Pattern DEGREES =
      Pattern.compile(
          "([0-9.]+|\\\\frac\\{[^{}]*\\}\\{[^{}]*\\})\\s*\\^\\s*\\{?\\s*\\\\circ\\s*\\}?");
  private static final Pattern ANY_DEGREES = Pattern.compile("\\^\\s*\\{?\\s*\\\\circ\\s*\\}?");
  private static final Pattern MODULUS =
      Pattern.compile("\\\\pmod\\s*(?:\\{([^{}]*)\\}|([0-9]+))|\\(\\s*mod\\s*([0-9]+)\\s*\\)");
  private static final Pattern BASE =
      Pattern.compile("\\(?\\s*(-?[0-9A-F]+)\\s*\\)?_\\{?\\s*([0-9]+)\\s*\\}?");
  private static final Pattern CURRENCY =
      Pattern.compile("^(?:\\\\\\$|\\$|€|£|¥|USD|EUR|US\\\\\\$)\\s*|\\s*(?:€|£|¥|USD|EUR)$");
  private static final String NUMBER =
      "-?(?:[0-9][0-9.,]*|\\\\frac\\{-?[0-9]+\\}\\{[0-9]+\\}|[0-9]*\\.[0-9]+)(?:/[0-9]+)?";
  private static final Pattern WITH_UNIT =
      Pattern.compile(
          "(" + NUMBER + "(?:\\s*\\\\times\\s*10\\^\\{?-?[0-9]+\\}?)?)(?:\\\\[,;: ]|~|\\s)*+(.+)");
  private static final Pattern UNIT_TEXT =
      Pattern.compile(
          "(?:\\\\(?:text|mathrm|mbox|textbf|textit|textnormal|textrm|rm|operatorname)\\s*\\{[^{}]*\\}(?:\\^\\{?-?[0-9]\\}?)?|\\\\frac\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}|[/ ~.]|\\\\[,;: ]|\\\\cdot)++");
  private static final Pattern UNIT_WORDS =
      Pattern.compile(
          "([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?)(?:[ /·]+([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?))*+\\.?");
  private static final Set<String> UNITS =
      Set.of(
          ("mm cm dm m km in ft yd mi mile miles meter meters metre metres kilometer kilometers centimeter centimeters"
                  + " inch inches foot feet yard yards g kg mg lb lbs oz gram grams kilogram kilograms pound pounds ton tons"
                  + " s sec secs second seconds min mins minute minutes h hr hrs hour hours day days week weeks month months"
                  + " year years l ml liter liters litre litres gallon gallons dollar dollars usd cent cents euro euros rupee"
                  + " rupees yuan degree degrees deg radian radians rad mph kmh kph sq square cubic unit units n j w v a hz"
                  + " people person students apples eggs books ways times pages points tickets customers marbles coins"
                  + " percent of per")
              .split(" "));
  private static final Map<String, String> WORDS =
      Map.ofEntries(
          Map.entry("zero", "0"),
          Map.entry("one", "1"),
          Map.entry("two", "2"),
          Map.entry("three", "3"),
          Map.entry("four", "4"),
          Map.entry("five", "5"),
          Map.entry("six", "6"),
          Map.entry("seven", "7"),
          Map.entry("eight", "8"),
          Map.entry("nine", "9"),
          Map.entry("ten", "10"),
          Map.entry("infinity", "\\infty"),
          Map.entry("+infinity", "\\infty"),
          Map.entry("-infinity", "-\\infty"),
          Map.entry("all real numbers", "\\mathbb{R}"),
          Map.entry("all reals", "\\mathbb{R}"),
          Map.entry("empty set", "\\emptyset"),
          Map.entry("the empty set", "\\emptyset"),
          Map.entry("no solution", "\\emptyset"),
          Map.entry("no solutions", "\\emptyset"),
          Map.entry("no real solutions", "\\emptyset"));
  private static final Set<String> UNDEFINED =
      Set.of(
          "dne",
          "undefined",
          "does not exist",
          "doesnotexist",
          "not defined",
          "no limit",
          "\\frac{1}{0}",
          "\\frac{0}{0}",
          "1/0",
          "0/0");

  private SoundText() {}

  /** One answer cleaned, with what was taken off it. */
  record Cleaned(
      String latex,
      boolean percent,
      Optional<String> modulus,
      Optional<String> base,
      boolean or,
      boolean braced) {}

  /** Signs and commands as the parser knows them; delimiters, bold type and final points gone. */
  static String latex(String written) {
    String text = SPACES.matcher(Spaces.strip(written)).replaceAll(" ");
    Matcher inner = INNER.matcher(text);
    if (text.matches("(?s)[^\\\\$]*[A-Za-z]{2}.*") && inner.find()) {
      for (int group = 1; group <= inner.groupCount(); group++) {
        text = inner.group(group) != null ? inner.group(group) : text;
      }
    }
    Matcher outer = OUTER.matcher(text);
    if (outer.matches()) {
      text = outer.group(1);
    }
    if (!text.contains("\\begin")) {
      text = text.replaceAll("\\\\\\\\(?=[a-zA-Z])", "\\\\");
    }
    for (String[] sign : SIGNS) {
      text = text.replace(sign[0], sign[1]);
    }
    text = SIZE.matcher(text).replaceAll("");
    text = FRACTION_NAME.matcher(text).replaceAll("\\\\frac");
    text = FUNCTION_NAME.matcher(text).replaceAll("\\\\$1 ");
    text = WHOLE_NUMBER_FUNCTION.matcher(text).replaceAll("\\\\operatorname{$1}");
    text = TEXT_EQUATION.matcher(text).replaceAll("$1");
    text = BOLD_NUMBER.matcher(text).replaceAll("$1");
    text = ROOT_SIGN.matcher(text).replaceAll("\\\\sqrt{$1$2}");
    text = PLAIN_ROOT.matcher(text).replaceAll("\\\\sqrt{$1$2$3}");
    text = BARE_ROOT.matcher(text).replaceAll("\\\\sqrt{$1}");
    text = BARE_ROOT_OF_DEGREE.matcher(text).replaceAll("\\\\sqrt$1{$2}");
    text = BARE_FRACTION.matcher(text).replaceAll("\\\\frac{$1}{$2}");
    text = BARE_ABOVE.matcher(text).replaceAll("\\\\frac{$1}{");
    text = BARE_BELOW.matcher(text).replaceAll("$1{$2}");
    text = POWER_IN_PARENTHESES.matcher(text).replaceAll("^{$1}");
    text = SIGNED_POWER.matcher(text).replaceAll("^{$1}");
    text = POINT.matcher(text).replaceAll("0.");
    text = text.replaceAll("\\\\sqrt\\{([0-9])\\}([0-9]+)", "\\\\sqrt{$1$2}");
    text = MIXED.matcher(text).replaceAll("($1+\\\\frac{$2}{$3})");
    return trimmed(text);
  }

  private static String trimmed(String text) {
    String result = Spaces.strip(text);
    while (!result.isEmpty() && ".,;:".indexOf(result.charAt(result.length() - 1)) >= 0
        || result.endsWith("\\ ")
        || result.endsWith("\\,")) {
      int cut = result.endsWith("\\,") || result.endsWith("\\ ") ? 2 : 1;
      result = Spaces.strip(result.substring(0, result.length() - cut));
    }
    return result;
  }

  /** The text of an answer in words, in small letters without commands and points. */
  static String words(String written) {
    String text = latex(written);
    text = text.replaceAll("\\\\(?:text|textbf|textit|mathrm|mbox|mathbf|rm|bf)\\b", "");
    text = text.replaceAll("[{}$*\\\\]", "");
    return trimmed(text.toLowerCase(Locale.ROOT).replaceAll("\\s+", " "));
  }

  /** A choice's letter, from {@code (B)}, {@code B.}, {@code \textbf{(B)}\ 12}. */
  static Optional<String> choice(String written) {
    Matcher m = Pattern.compile("\\(?([a-z])\\)?(?:[.:)]?(?:\\s.*)?)?").matcher(words(written));
    return m.matches() ? Optional.of(m.group(1)) : Optional.empty();
  }

  static boolean isUndefined(String written) {
    return UNDEFINED.contains(words(written)) || UNDEFINED.contains(latex(written));
  }

  static Cleaned clean(String written) {
    String text = latex(written);
    String spoken = words(written);
    text = WORDS.getOrDefault(spoken, text);
    Optional<String> modulus = Optional.empty();
    Matcher mod = MODULUS.matcher(text);
    if (mod.find()) {
      modulus =
          Optional.of(
              mod.group(1) != null
                  ? mod.group(1)
                  : mod.group(2) != null ? mod.group(2) : mod.group(3));
      text = trimmed(text.substring(0, mod.start()));
    }
    Optional<String> base = Optional.empty();
    Matcher inBase = BASE.matcher(text);
    if (inBase.matches()) {
      base = Optional.of(inBase.group(2));
      text = inBase.group(1);
    }
    text = CURRENCY.matcher(text).replaceAll("");
    boolean percent =
        text.matches("(?s).*(?:\\\\?%|(?<![a-zA-Z])(?:percent|percentage|pct))\\s*\\}?\\s*");
    if (percent) {
      text =
          trimmed(
              text.replaceAll(
                  "\\s*(?:\\\\text\\{\\s*)?(?:\\\\?%|percentage|percent|pct)\\s*\\}?", ""));
    }
    boolean or = text.matches("(?s).*(?<![a-zA-Z])or(?![a-zA-Z]).*") || text.contains("\\lor");
    text = AND_OR.matcher(text.replace("\\lor", " or ")).replaceAll(",");
    boolean braced = text.startsWith("\\{") && text.endsWith("\\}");
    return new Cleaned(brackets(text), percent, modulus, base, or, braced);
  }

  /** French intervals, set builders and angle brackets in the usual form. */
  private static String brackets(String text) {
    String result = text.replace("\\langle", "(").replace("\\rangle", ")");
    Matcher french =
        Pattern.compile("([\\[\\]])([^\\[\\](){},]+,[^\\[\\](){},]+)([\\[\\]])").matcher(result);
    result =
        french.replaceAll(
            m ->
                Matcher.quoteReplacement(
                    (m.group(1).equals("]") ? "(" : "[")
                        + m.group(2)
                        + (m.group(3).equals("[") ? ")" : "]")));
    Matcher builder =
        Pattern.compile(
                "(?s)\\\\\\{\\s*[a-z](?:\\s*\\\\in\\s*\\\\mathbb\\{R\\})?\\s*(?:\\\\mid|\\||:|\\\\colon|\\\\vert)\\s*(.*)\\\\\\}")
            .matcher(result);
    return builder.matches() ? builder.group(1) : result;
  }

  /** The readings that the text allows, the most literal first. */
  static List<String> readings(String text) {
    Set<String> readings = new LinkedHashSet<>();
    String bare = text.replaceAll("(?<!\\\\)\\\\ ", " ").replace("~", " ");
    Matcher grouped = GROUPED.matcher(text);
    if (grouped.matches()) {
      readings.add(
          grouped.group(1)
              + grouped.group(2).replaceAll("[^0-9]", "")
              + (grouped.group(3) == null ? "" : grouped.group(3)));
      // Joined digits are one number; as a list they would be another answer.
      if (!text.matches("[0-9]+,\\s+[0-9 ,]+")) {
        return List.copyOf(readings);
      }
    }
    Matcher unit = WITH_UNIT.matcher(bare);
    if (unit.matches() && isUnit(unit.group(2))) {
      readings.addAll(readings(unit.group(1)));
      return List.copyOf(readings);
    }
    if (DEGREES.matcher(bare).find() || ANY_DEGREES.matcher(bare).find()) {
      readings.add(DEGREES.matcher(bare).replaceAll("(($1)\\\\pi/180)"));
      if (!bare.matches("(?s).*\\\\(?:sin|cos|tan|cot|sec|csc).*")) {
        readings.add(ANY_DEGREES.matcher(bare).replaceAll(""));
      }
      return List.copyOf(readings);
    }
    readings.add(bare);
    Matcher ended = FINAL_UNIT.matcher(bare);
    if (ended.matches()) {
      readings.add(ended.group(1));
    }
    Matcher comma = DECIMAL_COMMA.matcher(text);
    if (comma.matches()) {
      readings.add(comma.group(1) + "." + comma.group(2));
    }
    // "√2 ≈ 1.41" offers both of its sides.
    if (bare.contains("\\approx")) {
      for (String side : bare.split("\\\\approx")) {
        readings.add(trimmed(side));
      }
    }
    return new ArrayList<>(readings);
  }

  /** The unit after a number, as it is written. */
  static Optional<String> unit(String latex) {
    Matcher unit = WITH_UNIT.matcher(latex);
    if (unit.matches() && isUnit(unit.group(2))) {
      return Optional.of(unit.group(2));
    }
    Matcher ended = FINAL_UNIT.matcher(latex);
    return ended.matches() ? Optional.of(ended.group(2)) : Optional.empty();
  }

  private static boolean isUnit(String rest) {
    if (UNIT_TEXT.matcher(rest).matches()) {
      return true;
    }
    String plain =
        rest.replaceAll("\\\\(?:text|mathrm)\\{([^{}]*)\\}", "$1")
            .replaceAll("\\^\\{?-?[0-9]\\}?", "");
    if (!UNIT_WORDS.matcher(Spaces.strip(plain)).matches()) {
      return false;
    }
    for (String word : Spaces.strip(plain).toLowerCase(Locale.ROOT).split("[ /·.]+")) {
      if (!UNITS.contains(word)) {
        return false;
      }
    }
    return true;
  }
}
