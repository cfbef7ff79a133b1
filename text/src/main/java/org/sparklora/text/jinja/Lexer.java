package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.jinja.Token.Kind;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.None;
import org.sparklora.text.jinja.value.StringMethods;

/**
 * Cuts a template into tokens, with Jinja2's whitespace rules: {@code -} strips, {@code +} keeps,
 * {@code lstrip_blocks} drops blanks before a block tag that begins its line, {@code trim_blocks}
 * the line break after a block tag.
 */
final class Lexer {
  private static final Pattern TAG = Pattern.compile("\\{[{%#]");
  private static final Pattern LEXEME =
      Pattern.compile(
          "(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)"
              + "|(?<float>(?:\\d+_)*\\d+(?:\\.(?:\\d+_)*\\d+(?:[eE][+-]?\\d+)?|[eE][+-]?\\d+))"
              + "|(?<integer>(?:\\d+_)*\\d+)"
              + "|//|\\*\\*|[=!><]=|[-+/*%~\\[\\](){}><=.:|,;]");
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|([\\s\\S]))");

  private static final String ESCAPE_LETTERS = "ntrbfav\\'\"";
  private static final String ESCAPED = "\n\t\r\b\f\u0007\u000b\\'\"";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int countedTo; // line counts the breaks before this position
  private boolean lineStarting = true; // whether the previous token ended its line

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokenize(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) { // Jinja drops one line break at the end of the template
      source = source.substring(0, source.length() - 1);
    }
    Lexer lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    Matcher tag = TAG.matcher(source);
    while (tag.find(at)) {
      int start = tag.start();
      char kind = source.charAt(start + 1);
      char sign = start + 2 < source.length() ? source.charAt(start + 2) : ' ';
      data(stripBefore(source.substring(at, start), kind, sign));
      at = start + (sign == '-' || sign == '+' ? 3 : 2);
      switch (kind) {
        case '#' -> comment(start);
        case '%' -> tag(start, Kind.BLOCK_BEGIN, "%}");
        default -> tag(start, Kind.VARIABLE_BEGIN, "}}");
      }
    }
    data(source.substring(at));
    add(Kind.END, "", source.length());
  }

  private String stripBefore(String text, char kind, char sign) {
    if (sign == '-') {
      return StringMethods.strip(text, None.NONE, false, true);
    }
    if (sign != '+' && kind != '{') {
      int lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || lineStarting)
          && StringMethods.strip(text.substring(lineStart), None.NONE).isEmpty()) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      add(Kind.DATA, text, at);
      lineStarting = text.endsWith("\n");
    }
  }

  private void comment(int start) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw new JinjaException(lineAt(start), "A comment is not closed");
    }
    char sign = end > at ? source.charAt(end - 1) : ' ';
    at = end + 2;
    afterTag(sign, true);
  }

  private void tag(int start, Kind begin, String close) {
    add(begin, source.substring(start, start + 2), start);
    int depth = 0; // inside brackets }} belongs to a dict
    while (true) {
      skipSpace();
      if (at >= source.length()) {
        throw new JinjaException(lineAt(start), "A tag is not closed with " + close);
      }
      char c = source.charAt(at);
      if (depth == 0 && closesHere(c, close)) {
        return;
      }
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      if (depth < 0) {
        throw new JinjaException(lineAt(at), "Unexpected '%c'", c);
      }
      lexeme(c);
    }
  }

  private boolean closesHere(char c, String close) {
    boolean signed = c == '-' || c == '+' && close.equals("%}");
    int from = signed ? at + 1 : at;
    if (!source.startsWith(close, from)) {
      return false;
    }
    add(close.equals("%}") ? Kind.BLOCK_END : Kind.VARIABLE_END, close, at);
    at = from + 2;
    afterTag(signed ? c : ' ', close.equals("%}"));
    return true;
  }

  /** Applies the whitespace rules after a tag. */
  private void afterTag(char sign, boolean trims) {
    int from = at;
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+' && trims && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
    lineStarting = at > from && source.charAt(at - 1) == '\n';
  }

  private void lexeme(char c) {
    if (c == '\'' || c == '"') {
      int end = stringEnd(c);
      Matcher escapes = ESCAPE.matcher(source.substring(at + 1, end));
      add(Kind.STRING, escapes.replaceAll(m -> Matcher.quoteReplacement(escaped(m))), at);
      at = end + 1;
      return;
    }
    Matcher lexeme = LEXEME.matcher(source).region(at, source.length());
    if (!lexeme.lookingAt()) {
      throw new JinjaException(lineAt(at), "Unexpected character '%c'", c);
    }
    boolean name = lexeme.group("name") != null;
    Kind number = lexeme.group("float") != null ? Kind.FLOAT : Kind.INTEGER;
    boolean isNumber = number == Kind.FLOAT || lexeme.group("integer") != null;
    String text = isNumber ? lexeme.group().replace("_", "") : lexeme.group();
    add(name ? Kind.NAME : isNumber ? number : Kind.OPERATOR, text, at);
    at = lexeme.end();
  }

  /** The index of the closing quote of the string that begins at {@code at}. */
  private int stringEnd(char quote) {
    for (int i = at + 1; i < source.length(); i++) {
      if (source.charAt(i) == quote) {
        return i;
      }
      i += source.charAt(i) == '\\' ? 1 : 0;
    }
    throw new JinjaException(lineAt(at), "A string is not closed");
  }

  private String escaped(MatchResult escape) {
    String digits = escape.group(1);
    try {
      if (digits != null) {
        return Character.toString(Integer.parseInt(digits.substring(1), 16));
      }
      if (escape.group(2) != null) {
        return Character.toString(Integer.parseInt(escape.group(2), 8));
      }
    } catch (IllegalArgumentException e) { // not a code point
      throw malformed(digits.charAt(0));
    }
    char c = escape.group(3).charAt(0);
    int letter = ESCAPE_LETTERS.indexOf(c);
    if (letter >= 0) {
      return ESCAPED.substring(letter, letter + 1);
    }
    if ("xuU".indexOf(c) >= 0) {
      throw malformed(c);
    }
    return c == '\n' ? "" : escape.group(); // an escaped line break joins the lines
  }

  private JinjaException malformed(char escape) {
    return new JinjaException(lineAt(at), "A string has a malformed \\%c escape", escape);
  }

  private void skipSpace() {
    while (at < source.length() && StringMethods.isSpace(source.charAt(at))) {
      at++;
    }
  }

  private void add(Kind kind, String text, int position) {
    tokens.add(new Token(kind, text, lineAt(position)));
  }

  private int lineAt(int position) {
    for (; countedTo < position && countedTo < source.length(); countedTo++) {
      if (source.charAt(countedTo) == '\n') {
        line++;
      }
    }
    return line;
  }
}
