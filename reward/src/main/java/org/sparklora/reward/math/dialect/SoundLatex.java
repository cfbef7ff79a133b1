package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.Spaces;

/** Brings an answer as people write it into LaTeX with the signs and commands the parser knows. */
final class SoundLatex {
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

  /** What follows the signs, in order: each finds what those before it have left. */
  private static final List<Rewrite> REWRITES =
      List.of(
          new Rewrite("\\\\(?:left|right|big|Big)(?![a-zA-Z])", ""),
          new Rewrite("\\\\[dtc]frac", "\\\\frac"),
          new Rewrite(
              "\\\\(?:operatorname|text|mathrm)\\{(sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|ln|log|exp|max|min|det)\\}",
              "\\\\$1 "),
          new Rewrite("\\\\(?:text|mathrm)\\{(gcd|lcm)\\}", "\\\\operatorname{$1}"),
          new Rewrite("\\\\text\\{([^{}]*=[^{}]*)\\}", "$1"),
          new Rewrite(
              "\\\\(?:mathbf|boldsymbol|bm|textbf|text|mathrm|mathit)\\{\\s*(-?[0-9][0-9.,/ ]*)\\s*\\}",
              "$1"),
          new Rewrite("√\\s*(?:\\(([^()]*)\\)|([0-9]+|[a-zA-Z]))", "\\\\sqrt{$1$2}"),
          new Rewrite(
              "(?<![\\\\a-zA-Z])sqrt\\s*(?:\\(([^()]*)\\)|\\{([^{}]*)\\}|([0-9]+))",
              "\\\\sqrt{$1$2$3}"),
          new Rewrite("\\\\sqrt\\s*([0-9a-zA-Z])", "\\\\sqrt{$1}"),
          new Rewrite("\\\\sqrt\\s*(\\[[^\\]]*\\])\\s*([0-9a-zA-Z])", "\\\\sqrt$1{$2}"),
          new Rewrite("\\\\frac\\s*([0-9])\\s*([0-9])", "\\\\frac{$1}{$2}"),
          new Rewrite("\\\\frac\\s*([0-9a-zA-Z])\\s*\\{", "\\\\frac{$1}{"),
          new Rewrite("(\\\\frac\\{(?:[^{}]|\\{[^{}]*\\})*+\\})\\s*([0-9a-zA-Z])", "$1{$2}"),
          new Rewrite("\\^\\s*\\(([^()]*)\\)", "^{$1}"),
          new Rewrite("\\^\\s*(-[0-9a-zA-Z])", "^{$1}"),
          new Rewrite("(?<![0-9])\\.(?=[0-9])", "0."),
          new Rewrite("\\\\sqrt\\{([0-9])\\}([0-9]+)", "\\\\sqrt{$1$2}"),
          new Rewrite(
              "(?<![0-9.}^_])([0-9]+)\\s*\\\\frac\\{([0-9]+)\\}\\{([0-9]+)\\}",
              "($1+\\\\frac{$2}{$3})"));

  /** Runs of blanks become one: patterns that allow blanks on both sides would try every split. */
  private static final Pattern SPACES = Pattern.compile("[ \\t]{2,}");

  /** For the same reason no more blank lines are kept than there can be reason for. */
  private static final Pattern LONG_SPACE = Pattern.compile("(\\s{7})\\s+");

  private static final Pattern INNER =
      Pattern.compile(
          "\\\\\\((.+?)\\\\\\)|\\\\\\[((?s:.+?))\\\\\\]|\\$\\$([^$]+)\\$\\$|\\$([^$\n]+)\\$");

  private SoundLatex() {}

  private record Rewrite(Pattern pattern, String replacement) {
    Rewrite(String pattern, String replacement) {
      this(Pattern.compile(pattern), replacement);
    }
  }

  /** Signs and commands as the parser knows them; delimiters, bold type and final points gone. */
  static String of(String written) {
    String text = SPACES.matcher(Spaces.strip(written)).replaceAll(" ");
    text = LONG_SPACE.matcher(text).replaceAll("$1");
    Matcher inner = INNER.matcher(text);
    if (text.matches("(?s)[^\\\\$]*[A-Za-z]{2}.*") && inner.find()) {
      for (int group = 1; group <= inner.groupCount(); group++) {
        text = inner.group(group) != null ? inner.group(group) : text;
      }
    }
    text = withoutDelimiters(text);
    if (!text.contains("\\begin")) {
      text = text.replaceAll("\\\\\\\\(?=[a-zA-Z])", "\\\\");
    }
    for (String[] sign : SIGNS) {
      text = text.replace(sign[0], sign[1]);
    }
    for (Rewrite rewrite : REWRITES) {
      text = rewrite.pattern().matcher(text).replaceAll(rewrite.replacement());
    }
    return trimmed(text);
  }

  /** What stands between delimiters at the beginning and the end of a text, if both are there. */
  private static String withoutDelimiters(String text) {
    int start = 0;
    while (text.startsWith("$", start)) {
      start++;
    }
    start = start == 0 && (text.startsWith("\\(") || text.startsWith("\\[")) ? 2 : start;
    if (start == 0) {
      return text;
    }
    int end = text.length();
    if (text.endsWith("\\)") || text.endsWith("\\]")) {
      end -= 2;
    } else {
      while (end > start && text.charAt(end - 1) == '$') {
        end--;
      }
    }
    if (start > 1 && start == text.length()) {
      return "";
    }
    boolean both = end < text.length() && start <= end;
    return both ? text.substring(start, end) : text;
  }

  /** Without the points and thin spaces at its end. */
  static String trimmed(String text) {
    String result = Spaces.strip(text);
    while (!result.isEmpty() && ".,;:".indexOf(result.charAt(result.length() - 1)) >= 0
        || result.endsWith("\\ ")
        || result.endsWith("\\,")) {
      int cut = result.endsWith("\\,") || result.endsWith("\\ ") ? 2 : 1;
      result = Spaces.strip(result.substring(0, result.length() - cut));
    }
    return result;
  }
}
