package org.sparklora.reward.math.dialect;

import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.Spaces;

/** Rewrites an answer as people write it to LaTeX with signs and commands that the parser knows. */
final class SoundLatex {
  /** Texts and their LaTeX, of all threads, since a verdict reads each of its texts many times. */
  private static final Map<String, String> RECENT = new ConcurrentHashMap<>();

  private static final int MOST_RECENT = 64;
  private static final int LONGEST_KEPT = 4_000;

  /** Signs, each before its command. */
  private static final String[] SIGNS =
      "、 , 。 . × \\times · \\cdot π \\pi ∞ \\infty ≤ \\le ≥ \\ge ≠ \\ne ∪ \\cup ∩ \\cap ∈ \\in ∅ \\emptyset ≈ \\approx := = \\pounds £"
          .split(" ");

  private static final String GREEK = "\\\\(?:pi|alpha|beta|theta|lambda|mu|omega)(?![a-zA-Z])";

  /** Applied in order after {@code SIGNS}, each to the result of the one before. */
  private static final List<Rewrite> REWRITES =
      List.of(
          new Rewrite(
              "^(?:\\\\[,;:!> ]|[\\s~])++|(?<!\\\\[,;:!> ]|[\\s~])(?:\\\\[,;:!> ]|[\\s~])++$", ""),
          new Rewrite("[−–‐‑]", "-"),
          new Rewrite("(?<!text|mathrm|mbox)\\{([,:])\\}", "$1"),
          // The Swiss write 1'234'567.
          new Rewrite(
              "(?<=(?<![0-9.,])[1-9][0-9]{0,2}|['’][0-9]{3})['’](?=[0-9]{3}(?![0-9]))", ","),
          new Rewrite("\\\\(?:neg[a-z]+space|(?:text|display)style|limits)(?![a-zA-Z])|\\\\!", ""),
          new Rewrite("\\\\colon(?![a-zA-Z])", ":"),
          new Rewrite("\\\\lbrace(?![a-zA-Z])", "\\\\{"),
          new Rewrite("\\\\rbrace(?![a-zA-Z])", "\\\\}"),
          new Rewrite("\\\\tau(?![a-zA-Z])", "(2\\\\pi)"),
          new Rewrite("\\\\iff(?![a-zA-Z])", ","),
          new Rewrite("[\u00a0\u2000-\u200a\u202f\u205f\u3000]|(?<!\\\\)\\\\ ", " "),
          new Rewrite(
              "\\\\(?:left|right)\\.|\\\\(?:left|right|middle|[bB]igg?[lrm]?)(?![a-zA-Z])", ""),
          new Rewrite(
              "\\^\\{\\s*(?:°|\\\\degree)\\s*\\}|\\^?(?:°|\\\\degree(?![a-zA-Z]))", "^\\\\circ "),
          // A temperature is in a unit.
          new Rewrite(
              "(?<=[0-9}])\\s*\\^\\s*\\{?\\s*\\\\circ\\s*\\}?\\s*(?:\\\\(?:text|mathrm)\\{\\s*([CF])\\s*\\}|([CF])(?![a-zA-Z]))",
              "\\\\text{ ^\\\\circ $1$2}"),
          new Rewrite("\\\\varnothing|\\\\\\{\\s*\\\\\\}", "\\\\emptyset "),
          new Rewrite("\\\\log_(?:e|\\{e\\})", "\\\\ln "),
          new Rewrite("\\\\([lg]eq)slant", "\\\\$1"),
          new Rewrite("\\\\(?:mathbb|Bbb)\\s*([A-Z])(?![a-zA-Z])", "\\\\mathbb{$1}"),
          new Rewrite(
              "\\\\(vec|hat|bar|mathbf|boldsymbol|bm|overrightarrow)(?:\\s+([a-zA-Z])(?![a-zA-Z])|\\s*\\\\([ij])math(?![a-zA-Z]))",
              "\\\\$1{$2$3}"),
          new Rewrite("\\\\mathbf\\{R\\}|\\\\R(?![a-zA-Z])", "\\\\mathbb{R}"),
          // Unit vectors have bold letters, hats or arrows.
          new Rewrite(
              "\\\\(?:mathbf|boldsymbol|bm|vec|hat)\\{\\s*(?:([ijk])|\\\\([ij])math)\\s*\\}",
              "\\\\mathbf{$1$2}"),
          new Rewrite(
              "\\\\mathbb\\{R\\}(?:\\^\\{?\\+\\}?|_(?:\\+|\\{(?:\\+|>\\s*0)\\}))", "(0,\\\\infty)"),
          new Rewrite(
              "\\\\backslash(?![a-zA-Z])|(?<=\\\\mathbb\\{[A-Z]\\})\\s*-(?=\\s*\\\\\\{)",
              "\\\\setminus "),
          // Rows of a matrix may be set apart.
          new Rewrite("(\\\\\\\\)\\s*\\[[0-9.]+\\s*(?:pt|em|ex|mm|cm)\\]", "$1"),
          // 0.1666… repeats its last digits.
          new Rewrite(
              "([0-9]\\.[0-9]{0,9}?)(?:([0-9])\\2{2,}|([0-9]{2,9}?)\\3+)(?:\\.{3}|…|\\\\[lc]?dots(?![a-zA-Z]))",
              "$1\\\\overline{$2$3}"),
          new Rewrite("(?<=,)\\s*(?:\\.{2,}|…)|\\\\c?dots[bcmio]?(?![a-zA-Z])", "\\\\ldots "),
          // Chinese books write C and A above and below for combinations and arrangements.
          new Rewrite(
              "(?<![a-zA-Z])(?:\\\\(?:mathrm|text|rm)\\s*)?(?:C|\\{C\\})_(?:\\{([1-9][0-9]+|[0-9]*[a-z](?:\\s?[-+]\\s?[0-9a-z])?)\\}|\\{?([3-9]|[a-z])\\}?)\\^(?:\\{([0-9a-z](?:\\s?[-+]\\s?[0-9a-z])?)\\}|([0-9a-z]))",
              "\\\\binom{$1$2}{$3$4}"),
          new Rewrite(
              "(?<![a-zA-Z])[AP]_\\{?([1-9][0-9]|[3-9])\\}?\\^\\{?([0-9])\\}?(?![0-9a-z])",
              "\\\\frac{$1!}{($1-$2)!}"),
          new Rewrite("^([1-9][0-9]{0,2})\\.([0-9]{3}),([0-9]{1,2})(?![0-9.,])", "$1$2.$3"),
          new Rewrite("(?<=[0-9])\\s*(?:\\\\text\\{)?\\s+to\\s+\\}?\\s*(?=[0-9])", ":"),
          new Rewrite("(?<!\\p{L})(?:oder|ou|или)(?!\\p{L})|或者?", " or "),
          new Rewrite("(?<!\\p{L})(?:und|et|и)(?!\\p{L})|[和与]|并?且", " and "),
          new Rewrite("(?<=[0-9A-Za-z)}])\\*\\*(?=[-0-9A-Za-z({])", "^"),
          new Rewrite("\\*\\*|`", ""),
          new Rewrite("\\\\not\\s?\\\\in(?![a-zA-Z])", "\\\\notin "),
          new Rewrite("\\\\forall(?![a-zA-Z])", "\\\\text{ for all }"),
          // A function that is constant, and no class of numbers.
          new Rewrite("(?<![a-zA-Z\\\\])([fgh])\\s?\\\\equiv(?![a-zA-Z])(?!.*mod)", "$1(x)="),
          new Rewrite(
              "(?<![a-zA-Z\\\\])([fgh]\\([a-z]\\))\\s?\\\\equiv(?![a-zA-Z])(?!.*mod)", "$1="),
          // Systems side by side are several solutions.
          new Rewrite(
              "(\\\\end\\{(?:d?cases|aligned|gathered|array)\\})(?:[\\s,;]|\\\\[,; ]|\\\\q?quad|\\\\text\\{\\s?(?:or)?\\s?\\}|or|\\\\lor)++(?=(?:\\\\\\{\\s?)?\\\\begin)",
              "$1;"),
          // Bold type of a whole answer, unless it is a name.
          new Rewrite(
              "^\\\\(?:mathbf|boldsymbol|bm|underline|textbf|(?:text)?color\\{[a-z]+\\})\\s*\\{(?![a-zA-Z]*\\})((?:[^{}]|\\{(?:[^{}]|\\{[^{}]*+\\})*+\\})*+)\\}$",
              "$1"),
          new Rewrite(
              "^(?:=|\\\\(?:therefore|bf|rm|it)(?![a-zA-Z])|\\\\text\\{\\s*(?i:(?:the )?(?:final )?answer(?: is)?)\\s*:?\\s*\\})\\s*",
              ""),
          // One command for upright text, one for thin spaces; wide spaces separate answers.
          new Rewrite(
              "\\\\(?:text(?:rm|normal|sf|tt|up|md|sc|sl|it)|math(?:sf|tt|it)|[mh]box)\\s*\\{",
              "\\\\text{"),
          new Rewrite("\\\\text\\{\\s+[oó]\\s+\\}", "\\\\text{ or }"),
          new Rewrite("\\\\text\\{\\s+y\\s+\\}", "\\\\text{ and }"),
          new Rewrite("\\\\text\\{\\s*\\}", " "),
          new Rewrite("\\\\text\\{(\\s*[,;:-]\\s*)\\}", "$1"),
          new Rewrite("\\\\(?:text|mathrm)\\{\\s*([ei])\\s*\\}|\\\\(i)math(?![a-zA-Z])", "$1$2"),
          new Rewrite("(?<=[0-9])\\\\(?:text|mathrm)\\{E\\}(?=[-+]?[0-9])", "E"),
          new Rewrite("\\{\\s*\\\\(?:rm|it|bf|sf|tt)(?![a-zA-Z])([^{}]*)\\}", "\\\\text{$1}"),
          new Rewrite("\\\\operatorname\\s*\\*", "\\\\operatorname"),
          new Rewrite(
              "\\\\(?:(?:thinspace|medspace|thickspace|enspace)(?![a-zA-Z])|[;:>])", "\\\\,"),
          new Rewrite(
              "\\\\(?:hspace\\*?\\s*\\{[^{}]*\\}|(?:hskip|kern|mskip)\\s*-?[0-9.]+\\s*[a-z]{2})",
              "\\\\,"),
          new Rewrite("(^|[,;]|\\b(?:and|or)\\s*\\}?)\\s*(?:\\\\q?quad\\s*)+", "$1 "),
          new Rewrite(
              "(?:\\s*\\\\q?quad)+\\s*(?=[,;.]|$|\\\\(?:text|mathrm|lor)|(?:and|or)\\b)", " "),
          new Rewrite("(?:\\s*\\\\q?quad)+", ",\\\\,"),
          new Rewrite("\\{\\s*(\\\\(?:times|cdot|div)|[-+=<>])\\s*\\}", " $1 "),
          new Rewrite("\\\\text\\{\\s*\\(\\s*mod\\s+([0-9]+|[a-z])\\s*\\)\\s*\\}", "\\\\pmod{$1}"),
          new Rewrite(
              "\\\\bmod(?![a-zA-Z])|\\\\(?:operatorname|text|mathrm)\\{\\s*mod\\s*\\}"
                  + "|(?<![a-zA-Z\\\\])mod(?![a-zA-Z])",
              "\\\\mod "),
          new Rewrite("\\(\\s*\\\\mod(?:\\s|\\\\[ ,])*+([^()]*)\\)", "\\\\pmod{$1}"),
          new Rewrite("\\{([^{}]*)\\\\over(?![a-zA-Z])([^{}]*)\\}", "\\\\frac{$1}{$2}"),
          // Minutes of an angle.
          new Rewrite(
              "(?<![0-9.])([0-9]{1,3})\\s?\\^\\s?\\{?\\s?\\\\circ\\s?\\}?\\s?([0-5]?[0-9])\\s?(?:['′](?!['′])|\\^\\{?\\\\prime(?!\\s?\\\\prime)\\s?\\}?)",
              "\\\\frac{60\\\\cdot $1+$2}{60}^\\\\circ "),
          // A prime belongs to a name.
          new Rewrite("(?<=[a-zA-Z0-9)}])'{3}(?![a-zA-Z'])", "^{\\\\prime\\\\prime\\\\prime}"),
          new Rewrite("(?<=[a-zA-Z0-9)}])'{2}(?![a-zA-Z'])", "^{\\\\prime\\\\prime}"),
          new Rewrite("(?<=[a-zA-Z0-9)}])'(?![a-zA-Z'])", "^{\\\\prime}"),
          new Rewrite("\\\\[dtc]frac", "\\\\frac"),
          new Rewrite(
              "\\\\(?:operatorname|text|mathrm)\\{(sin|cos|tan|cot|csc|arcsin|arccos|arctan|ln|log|exp|max|det"
                  + "|(?:arc)?(?:co?)?tg|lg)\\}",
              "\\\\$1 "),
          // After a number and without an argument they are units.
          new Rewrite(
              "(?:\\\\operatorname|(?<![0-9}](?:|\\\\,|[\\s~]|\\\\,[\\s~]|[\\s~]{2}))\\\\(?:text|mathrm)"
                  + "|\\\\(?:text|mathrm)(?=\\{[a-z]+\\}\\s*(?:\\^(?!\\{?-)|[(_]|[a-z](?![a-zA-Z])|\\\\(?!text|mathrm|q?quad)[a-z])))"
                  + "\\{(min|sec)\\}",
              "\\\\$1 "),
          // Functions without a backslash.
          new Rewrite(
              "(?<![a-zA-Z\\\\])((?:(?:arc)?(?:sin|cos|tan|cot|csc)|(?:sin|cos|tan)h|ln|log|exp)"
                  + "(?=\\s*(?:[\\^_(\\\\0-9]|[a-z](?![a-zA-Z])))|(?:max|min|gcd|lcm)(?=\\())",
              "\\\\$1 "),
          new Rewrite("\\\\(max|min)\\s*\\\\\\{([^{}]*)\\\\\\}", "\\\\$1($2)"),
          new Rewrite("(?<=[)\\]])\\s*(?:U|\\\\bigcup(?![a-zA-Z]))\\s*(?=[(\\[])", "\\\\cup "),
          new Rewrite("\\\\(arc)?co?tg(?![a-zA-Z])", "\\\\$1cot "),
          new Rewrite("\\\\(arc)?tg(?![a-zA-Z])", "\\\\$1tan "),
          new Rewrite("\\\\lg(?![a-zA-Z])", "\\\\log "),
          new Rewrite("\\\\(?:text|mathrm)\\{(gcd|lcm)\\}", "\\\\operatorname{$1}"),
          new Rewrite("\\\\text\\{([^{}]*=[^{}]*)\\}", "$1"),
          new Rewrite(
              "(?:\\\\(?:operatorname|text|mathrm)\\{\\s*cis\\s*\\}|(?<![a-zA-Z\\\\])cis)\\s*"
                  + "(?:\\(([^()]*)\\)|(\\\\frac\\{[^{}]*\\}\\{[^{}]*\\}|[0-9.]*(?:\\^\\{?\\\\circ\\}?|\\\\pi|(?<=[0-9]))))",
              "e^{($1$2)i}"),
          new Rewrite(
              "\\\\(?:mathbf|boldsymbol|bm|textbf|text|mathrm|mathit)\\{\\s*(-?[0-9][0-9.,:/ ]*)\\s*\\}",
              "$1"),
          new Rewrite(
              "\\\\text\\{\\s*(-?[0-9./]+(?:\\s*(?:,|(?:, ?)?(?:and|or))\\s*-?[0-9./]+)+)\\s*\\}",
              "$1"),
          new Rewrite("\\\\text\\{\\s*(\\\\?\\$|[€£¥])\\s*\\}", "$1"),
          // A number with its unit, and no second number.
          new Rewrite(
              "^\\\\(?:text|textbf|mathrm|mathbf)\\{\\s*((?:\\\\?\\$)?-?[0-9][0-9.,/]*[^{}0-9]*(?:\\^[23])?)\\}$",
              "$1"),
          new Rewrite(
              "(?:\\\\text\\{\\s*)?\\((?:about|approximately|roughly)\\s*\\}?\\s*(-?[0-9][0-9.,]*\\s*(?:\\\\?%)?)\\s*\\)\\s*\\}?$",
              "\\\\approx $1"),
          // After a number and beside no other term, the letter is the sign of ohms.
          new Rewrite(
              "(^|[=,;]\\s?)(?=[-0-9\\\\])(-?(?:\\{-|[0-9.{}^\\s~]|,(?=[0-9]{3})|\\\\(?:frac|sqrt|times|cdot|,))++)"
                  + "(?:\\\\(?:text|mathrm)\\{\\s*([kM]?)\\s*(?:\\\\Omega|Ω)\\s*\\}"
                  + "|(?:\\\\(?:text|mathrm)\\{\\s*([kM])\\s*\\}|([kM]?))\\s*(?:\\\\Omega|Ω))(?=\\s*(?:[.,;]|\\\\[,;]|$))",
              "$1$2\\\\text{ $3$4$5ohm}"),
          new Rewrite(
              "(?<=[0-9}])(?:\\\\[ ,]|[~\\s])*+(?:\\\\(?:text|mathrm)\\{[~\\s]*(?:\\\\mu|[μµ])\\s*([a-zA-Z]{1,2})\\}"
                  + "|(?:\\\\mu|[μµ])\\s*\\\\(?:text|mathrm)\\{([a-zA-Z]{1,2})\\}|[μµ]([a-zA-Z]{1,2})(?![a-zA-Z]))",
              "\\\\text{ μ$1$2$3}"),
          new Rewrite(
              "(?<=[0-9])\\s*(?:¢|\\\\cents?(?![a-zA-Z])|\\\\text\\{\\s*¢\\s*\\})",
              "\\\\text{ cents}"),
          new Rewrite(
              "(?<=[0-9}])(?:\\\\,|[\\s~])*+(?:\\\\(?:text|mathrm)\\{\\s*degrees?\\s*\\}|degrees?(?!\\s*[a-zA-Z]))",
              "^\\\\circ "),
          new Rewrite("\\\\neq(?![a-zA-Z])", "\\\\ne "),
          // A bound in words or in brackets, and an index that begins with 0 or 1.
          new Rewrite(
              "\\s?,?\\s?\\\\text\\{\\s?,?\\s?(?:for|where|with)(?: (?:all|any|every|each))?\\s?\\}\\s?(?=[a-z]\\s?(?:[<>]|\\\\(?:ne|[lg]eq?)(?![a-z]))\\s?-?[0-9]+$)",
              ","),
          new Rewrite(
              "(?<=[0-9a-z})])\\s*\\(([a-z]\\s*(?:[<>]|\\\\(?:ne|[lg]eq?)(?![a-z]))[^()]*)\\)$",
              ",$1"),
          new Rewrite(
              "^([a-zA-Z]_\\{?n\\}?\\s*=[^,]*?)(?:\\\\text\\{\\s*for\\s*\\}|,)\\s*n\\s*\\\\geq?\\s*1$",
              "$1,n\\\\in\\\\mathbb{N}"),
          new Rewrite(
              "^([a-zA-Z]_\\{?n\\}?\\s*=[^,]*?),\\s*n\\s*\\\\geq?\\s*0$",
              "$1,n\\\\in\\\\mathbb{N}_0"),
          // All values of a term with integers, or all points.
          new Rewrite(
              "^((?:[a-zA-Z]\\s?\\\\in\\s?)?)\\\\\\{\\s?(?=\\(|.*(?:\\\\mathbb\\{[NZ]|[j-n]\\s?\\\\geq?\\s?[0-9]\\s?\\\\\\}$))(?![a-zA-Z]\\s?(?:\\\\mid|[|:]))((?:[^{}|:\\\\]++|\\\\(?!mid)[a-zA-Z]*+|\\{[^{}|:]*+\\})++)(?:\\\\mid|[|:])\\s?([a-zA-Z]\\s?\\\\in\\s?\\\\mathbb\\{[NZR]\\}(?:[*+^_{}01>\\s]|\\\\geq?\\s?)*+|[j-n]\\s?\\\\geq?\\s?[0-9]\\s?)\\\\\\}$",
              "$1 $2,$3"),
          powerOfTen("thousand", 3),
          powerOfTen("million", 6),
          powerOfTen("billion", 9),
          powerOfTen("trillion", 12),
          powerOfTen("万", 4),
          powerOfTen("亿", 8),
          new Rewrite(
              "(?<=[0-9}])(?:\\s|\\\\[ ,]|~)*+(?:\\\\text\\{\\s*dozens?\\s*\\}|(\\\\text\\{)?\\s*dozens?(?![a-zA-Z]))",
              "\\\\times 12$1"),
          new Rewrite(
              "^(?:approximately|about|roughly|therefore|thus|hence|simply|exactly),?\\s+(?=[-0-9$\\\\.])",
              ""),
          new Rewrite("√\\s*(?:\\(([^()]*)\\)|([0-9]+|[a-zA-Z]))", "\\\\sqrt{$1$2}"),
          new Rewrite(
              "(?<![\\\\a-zA-Z])sqrt\\s*(?:\\(([^()]*)\\)|\\{([^{}]*)\\}|([0-9]+))",
              "\\\\sqrt{$1$2$3}"),
          new Rewrite("(?<![\\\\a-zA-Z])pi(?![a-zA-Z])", "\\\\pi "),
          new Rewrite("\\\\sqrt\\s*+(\\[[^\\]]*\\])?+\\s*+([0-9]+|[a-zA-Z])", "\\\\sqrt$1{$2}"),
          new Rewrite("\\\\(dot|bar|overline)\\s?([0-9])", "\\\\$1{$2}"),
          // The base of a logarithm without braces has one digit, unless an argument follows it.
          new Rewrite(
              "\\\\log\\s?_\\s?([2-9])(?=[0-9]+(?![0-9a-zA-Z.({^]|\\s?[0-9a-zA-Z(\\\\]))",
              "\\\\log_{$1}"),
          new Rewrite("\\\\[dt]?binom\\s*([0-9a-z])\\s*([0-9a-z])", "\\\\binom{$1}{$2}"),
          new Rewrite("\\\\frac\\s*([0-9])\\s*([0-9]+)", "\\\\frac{$1}{$2}"),
          new Rewrite(
              "\\\\frac(?:\\s*([0-9]|" + GREEK + ")|\\s+([a-zA-Z]))\\s*([0-9a-zA-Z]|" + GREEK + ")",
              "\\\\frac{$1$2}{$3}"),
          new Rewrite("\\\\frac\\s*([0-9a-zA-Z]|" + GREEK + ")\\s*\\{", "\\\\frac{$1}{"),
          new Rewrite(
              "\\\\frac\\s*(\\\\(?:pi|alpha|beta|theta|lambda|mu|omega))(?=\\s*[0-9{]|\\s+[a-zA-Z])",
              "\\\\frac{$1}"),
          new Rewrite(
              "(\\\\frac\\{(?:[^{}]|\\{[^{}]*\\})*+\\})\\s*([0-9]+|[a-zA-Z]|" + GREEK + ")",
              "$1{$2}"),
          new Rewrite("\\\\dot\\{([0-9])\\}([0-9]*)\\\\dot\\{([0-9])\\}", "\\\\overline{$1$2$3}"),
          new Rewrite("\\^\\s*\\(([^()]*)\\)", "^{$1}"),
          new Rewrite("\\^\\s*(-(?:[0-9]+|[a-zA-Z]))", "^{$1}"),
          new Rewrite("(?<![0-9])\\.(?=[0-9])", "0."),
          new Rewrite("(?<![\\^_a-zA-Z}\\]])\\{(\\\\frac\\{[0-9]+\\}\\{[0-9]+\\})\\}", "$1"));

  /** Raised and lowered digits, and fractions that are one sign. */
  private static final Pattern SMALL_DIGITS = Pattern.compile("([⁰¹²³⁴-⁹⁻]+)|([₀-₉]+)|[¼-¾⅐-⅞]");

  /** Runs of blanks become one: patterns with blanks on both sides would try every split. */
  private static final Pattern SPACES = Pattern.compile("[ \\t]{2,}");

  /** Limits blank lines for the same reason. */
  private static final Pattern LONG_SPACE = Pattern.compile("(\\s{7})\\s+");

  /** Equations under one another. */
  private static final Pattern SYSTEM =
      Pattern.compile(
          "(?s)(?:\\\\\\{\\s*)?\\\\begin\\{(?:d?cases|aligned|gathered)\\}(.*?)\\\\end\\{(?:d?cases|aligned|gathered)\\}"
              + "|\\\\\\{\\s*\\\\begin\\{array\\}\\{[lcr]+\\}(.*?)\\\\end\\{array\\}(?!\\s*\\\\\\})");

  private static final Pattern INNER =
      Pattern.compile(
          "\\\\\\((.+?)\\\\\\)|\\\\\\[((?s:.+?))\\\\\\]|\\$\\$([^$]+)\\$\\$|\\$([^$\n]+)\\$");

  /** The whole text between delimiters, of one kind or of two. */
  private static final Pattern DELIMITED =
      Pattern.compile(
          "(?s)\\A(?:\\$\\$++|(?:\\$++|\\\\[(\\[])(.*?)(?:(?<!\\$)\\$++|\\\\[)\\]]))\\z");

  private SoundLatex() {}

  private record Rewrite(Pattern pattern, String replacement) {
    Rewrite(String pattern, String replacement) {
      this(Pattern.compile(pattern), replacement);
    }
  }

  /** A power of ten in words after a number, perhaps before a unit. */
  private static Rewrite powerOfTen(String word, int exponent) {
    return new Rewrite(
        "(?<=[0-9}])(?:\\s|\\\\[ ,]|~)*(\\\\text\\{)?\\s*" + word + "(?![a-zA-Z])",
        "\\\\times 10^{" + exponent + "}$1");
  }

  /** Rewrites signs and commands; removes delimiters, bold type and final points. */
  static String of(String written) {
    String known = RECENT.get(written);
    if (known != null) {
      return known;
    }
    String text = rewritten(written);
    if (RECENT.size() >= MOST_RECENT) {
      RECENT.clear();
    }
    if (written.length() <= LONGEST_KEPT) {
      RECENT.put(written, text);
    }
    return text;
  }

  private static String rewritten(String written) {
    String plain =
        written
            .codePoints()
            .map(SoundLatex::plain)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    String text = SPACES.matcher(Spaces.strip(plain)).replaceAll(" ");
    text = LONG_SPACE.matcher(text).replaceAll("$1");
    Matcher inner = INNER.matcher(text);
    if (text.matches("(?s)[^\\\\$]*[A-Za-z]{2}.*") && inner.find()) {
      for (int group = 1; group <= inner.groupCount(); group++) {
        text = inner.group(group) != null ? inner.group(group) : text;
      }
    }
    text = DELIMITED.matcher(text).replaceFirst("$1");
    if (!text.contains("\\begin")) {
      text = text.replaceAll("\\\\\\\\(?=[a-zA-Z])", "\\\\");
    }
    text = SMALL_DIGITS.matcher(text).replaceAll(SoundLatex::small);
    for (int i = 0; i < SIGNS.length; i += 2) {
      text = text.replace(SIGNS[i], SIGNS[i + 1] + " ");
    }
    for (Rewrite rewrite : REWRITES) {
      text = rewrite.pattern().matcher(text).replaceAll(rewrite.replacement());
    }
    text = SYSTEM.matcher(text).replaceAll(SoundLatex::system);
    return trimmed(Decimals.inFractions(text));
  }

  /** The sign of ASCII for a full-width sign, or for a digit of any script. */
  private static int plain(int sign) {
    boolean wide = sign >= '\uff01' && sign <= '\uff5e';
    int digit = Character.digit(sign, 10);
    return digit >= 0 ? '0' + digit : wide ? sign - '\uff01' + '!' : sign;
  }

  /** A system of equations is a list; cases with conditions stay as they are. */
  private static String system(MatchResult rows) {
    String lines = rows.group(rows.group(1) != null ? 1 : 2);
    lines = lines.replaceAll("&(?=\\s*(?:[=<>]|\\\\[lg]e))|(?<=^|=|\\\\\\\\)\\s*&", "");
    boolean conditions =
        lines.matches("(?s).*(?:&|\\\\text|\\\\mathrm|\\bif\\b|,[^,=\\\\]*(?:[<>]|\\\\[lgn]e)).*");
    return Matcher.quoteReplacement(
        conditions ? rows.group() : trimmed(lines).replaceAll("[,;]?\\s*\\\\\\\\", ","));
  }

  /** {@code x⁻¹} is {@code x^{-1}}, and ¾ is {@code \frac{3}{4}}. */
  private static String small(MatchResult digits) {
    String plain = Normalizer.normalize(digits.group(), Normalizer.Form.NFKC);
    String script = plain.length() > 1 ? "{" + plain + "}" : plain;
    if (digits.group(1) != null || digits.group(2) != null) {
      return (digits.group(1) != null ? "^" : "_") + script;
    }
    return Matcher.quoteReplacement("\\frac{" + plain.replace("\u2044", "}{") + "}");
  }

  /** Removes punctuation, spaces and commands for spaces at the end. */
  static String trimmed(String text) {
    String result = Spaces.strip(text);
    while (!result.isEmpty() && ".,;:\\".indexOf(result.charAt(result.length() - 1)) >= 0) {
      result = Spaces.strip(result.substring(0, result.length() - 1));
    }
    return result;
  }
}
