package org.sparklora.reward.math.latex;

import java.util.Locale;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.latex.LatexLexer.Token;

/**
 * Converts written names to variables: Greek signs by their English name, text as one symbol, with
 * the subscript appended.
 *
 * @param real whether the variables are real
 * @param keepCase whether R and r are two variables; otherwise names are in lower case
 */
record SymbolNames(boolean real, boolean keepCase) {

  Symbol exact(String name) {
    return new Symbol(name, real);
  }

  /** The variable or constant of a token with a subscript. */
  Expr named(Token token, String subscript) {
    if (token.text().equals("I")) {
      return Constant.I;
    }
    String name = token.kind() == Kind.ACCENT ? accented(token.text()) : token.text().strip();
    if (!subscript.isEmpty()) {
      name += subscript.length() > 1 ? "_{" + subscript + "}" : "_" + subscript;
    }
    String plain = plain(name);
    String lower = plain.toLowerCase(Locale.ROOT);
    return switch (lower) {
      case "pi" -> Constant.PI;
      case "gamma" -> Constant.EULER_GAMMA;
      default -> exact(keepCase ? plain : lower);
    };
  }

  /** The name of a command without its backslash, or of a Greek sign in English. */
  static String plain(String written) {
    String name = written.strip();
    name = LatexLexer.GREEK_SIGNS.getOrDefault(name, name);
    return name.startsWith("\\") ? name.substring(1) : name;
  }

  private String accented(String text) {
    int brace = text.indexOf('{');
    String written = text.substring(1, brace);
    String command = keepCase ? written.strip() : written; // Math-Verify keeps a space
    String inside = text.substring(brace + 1, text.length() - 1).replace(" ", "");
    if (command.contains("text") || command.contains("mbox")) {
      return inside.replace("(", "").replace(")", "");
    }
    String family =
        switch (command) {
          case "bar", "overline" -> "bar";
          case "vec", "overrightarrow" -> "vec";
          case "tilde", "widetilde" -> "tilde";
          default -> command.contains("math") ? "math" : command;
        };
    return family + "{" + inside + "}";
  }
}
