package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Cuts LaTeX mathematics into tokens, always the longest possible: {@code \quadx} is a space and an
 * x, and {@code dx} is one differential. A character that begins no token is an error.
 *
 * <p>Stateless and thread-safe.
 */
final class LatexLexer {
  /** Kinds of tokens. A function name is a token wherever it occurs, even inside a word. */
  enum Kind {
    ADD("+ ∔ ⊕ ⊞"),
    SUB("- − ∸"),
    MUL("* × ⋅ ⋄ ⊡ ∗ ⋆ ∘ ∙ ⊗ ⊠ ⋈ ⋉ ⋊ \\times \\cdot"),
    DIV("/ ÷ ∕ \\over \\div"),
    COLON(":"),
    MOD("\\mod"),
    L_PAREN("("),
    R_PAREN(")"),
    L_PAREN_VISUAL("\\("),
    R_PAREN_VISUAL("\\)"),
    L_GROUP("\\lgroup"),
    R_GROUP("\\rgroup"),
    L_BRACE("{"),
    R_BRACE("}"),
    L_BRACE_VISUAL("\\{"),
    R_BRACE_VISUAL("\\}"),
    L_BRACE_CMD("\\lbrace"),
    R_BRACE_CMD("\\rbrace"),
    L_BRACKET("["),
    R_BRACKET("]"),
    L_BRACK("\\lbrack"),
    R_BRACK("\\rbrack"),
    PHANTOM("\\phantom"),
    BOXED("\\boxed"),
    BAR("|"),
    L_VERT("\\lvert"),
    R_VERT("\\rvert"),
    VERT("\\vert"),
    NORM("\\|"),
    L_ANGLE("\\langle"),
    R_ANGLE("\\rangle"),
    L_FLOOR("\\lfloor"),
    R_FLOOR("\\rfloor"),
    LL_CORNER("\\llcorner"),
    LR_CORNER("\\lrcorner"),
    L_CEIL("\\lceil"),
    R_CEIL("\\rceil"),
    UL_CORNER("\\ulcorner"),
    UR_CORNER("\\urcorner"),
    LIM("\\lim"),
    ARROW("\\to \\rightarrow \\Rightarrow \\longrightarrow \\Longrightarrow"),
    INT("\\int"),
    SUM("\\sum"),
    PROD("\\prod"),
    FUNCTION(
        "\\log \\ln \\exp \\sin \\cos \\tan \\csc \\sec \\cot \\arcsin \\arccos \\arctan \\arccsc \\arcsec"
            + " \\arccot \\sinh \\cosh \\tanh \\arsinh \\arcosh \\artanh \\arcsinh \\arccosh \\arctanh \\floor"
            + " \\ceil \\det"),
    GAMMA("\\Gamma \\gamma"),
    SQRT("\\sqrt"),
    MULTI_FUNCTION("\\gcd \\lcm \\max \\min"),
    OPERATOR_NAME("\\operatorname"),
    NAME(
        "arsinh arcsinh arcosh arccosh artanh arctanh gcd lcm floor ceil eye zeros ones cols rows diag norm"
            + " rank trace tr rref hstack vstack orth ortho orthogonal orthogonalize nullspace eig eigen diagonalize"
            + " eigenvals eigenvalues eigenvects eigenvectors svd SVD"),
    FRAC("\\frac \\dfrac \\tfrac \\cfrac"),
    BINOM("\\binom \\tbinom \\dbinom"),
    CHOOSE("\\choose"),
    MATRIX_START("\\begin{matrix} \\begin{pmatrix} \\begin{bmatrix}"),
    MATRIX_END("\\end{matrix} \\end{pmatrix} \\end{bmatrix}"),
    ARRAY_START,
    ARRAY_END("\\end{array}"),
    DET_START("\\begin{vmatrix}"),
    DET_END("\\end{vmatrix}"),
    AMPERSAND("&"),
    ROW_END("\\\\"),
    UNDERSCORE("_"),
    CARET("^"),
    SEMICOLON(";"),
    COMMA(","),
    TRANSPOSE("^T ^{T} '"),
    DEGREE("^\\circ ^\\degree ^\\circle ^° ^{\\circ} ^{\\degree} ^{\\circle} ^{°}"),
    DIFFERENTIAL,
    EXP_E("e \\exponentialE"),
    UPPER_E("E"),
    LETTER,
    NUMBER,
    E_NOTATION,
    PERCENT_NUMBER,
    IN("\\in"),
    NOTIN("\\notin ∉"),
    ASSIGNMENT("= ≡ ≣ ≟ ≎ ≏ ≐ ≑ ≒ ≓ ≔ ≕ ≖ ≗"),
    EQUAL("== \\equiv"),
    APPROX("~= ≈ ≊ ≋ ≃ ≅ \\approx"),
    LT("< ≪ ≺ ⋖ \\lt"),
    LTE("\\leq \\le \\leqslant ≤ ≦ ≲ ≾ <="),
    GT("> ≫ ≻ ⋗ \\gt"),
    GTE("\\geq \\ge \\geqslant ≥ ≧ ≳ ≿ >="),
    UNEQUAL("!= !== \\ne \\neq \\not\\equiv ≠ ≁ ≄ ≇ ≉ ≢"),
    BANG("!"),
    GREEK,
    OTHER_SYMBOL(
        "\\Bbbk \\wp \\nabla \\bigstar \\angle \\nexists \\diagdown \\measuredangle \\eth ℵ ℶ ℷ ℸ \\diagup"
            + " \\sphericalangle \\clubsuit \\varnothing \\Diamond \\complement \\diamondsuit \\imath \\Finv"
            + " \\triangledown \\heartsuit \\jmath \\Game \\triangle \\spadesuit \\ell \\hbar \\vartriangle \\hslash"
            + " \\blacklozenge \\lozenge \\blacksquare \\mho \\blacktriangle \\sharp \\prime \\Im \\flat \\square"
            + " \\backprime \\Re \\natural \\surd \\circledS"),
    INFTY("\\infty"),
    PARTIAL("\\partial"),
    SET_NAME("\\mathbb{N} ℕ \\mathbb{Z} ℤ \\mathbb{Q} ℚ \\mathbb{R} ℝ \\mathbb{C} ℂ"),
    SET_EMPTY("\\emptyset ∅ \\{\\} \\lbrace\\rbrace"),
    ACCENT,
    UNION("\\cup ∪"),
    INTERSECTION("\\cap ∩"),
    SET_MINUS("\\setminus ∖"),
    PLUS_MINUS("\\pm ± ∓ \\mp"),
    SUBSET("\\subseteq ⊆"),
    SUPSET("\\supseteq ⊇"),
    UNKNOWN(
        ". \\xrightarrow \\xRightarrow <-> <=> \\leftrightarrow \\Leftrightarrow \\mathbb{P} ℙ \\mathit matrix"
            + " pmatrix bmatrix vmatrix"),
    SKIP(
        "\\, \\thinspace \\: \\medspace \\; \\thickspace \\quad \\qquad \\! \\negthinspace \\negmedspace"
            + " \\negthickspace \\$ \\vrule \\vcenter \\vbox \\vskip \\vspace \\hfil"),
    END;

    /** Texts that always are tokens of this kind, separated by spaces. */
    private final String literals;

    Kind(String literals) {
      this.literals = literals;
    }

    Kind() {
      this("");
    }
  }

  /** One token with its text as written. */
  record Token(Kind kind, String text) {}

  private static final Map<String, Kind> LITERALS = new HashMap<>();
  private static final int LONGEST;
  private static final boolean[] STARTS = new boolean[128];

  private static final Token NO_TOKEN = new Token(UNKNOWN, "");

  /** A number, with an exponent (group 1) or a percent sign (group 2). */
  private static final Pattern NUMBERS =
      Pattern.compile(
          "(?:[0-9]++(?:\\.[0-9]++)?|\\.[0-9]++)(?:(E[-+]?[0-9]++)|([ \t\r\n]?\\\\?%))?");

  private static final Pattern DIFFERENTIALS =
      Pattern.compile("d[ \t\r\n]*+(?:[a-zA-Z]|\\\\[a-zA-Z]++)");
  private static final Pattern ARRAY = Pattern.compile("\\\\begin\\{array\\}\\{[clr]*+\\}");

  /** Commands with a braced text that together are one symbol. */
  private static final Set<String> ACCENTS =
      Set.of(
          ("acute bar overline breve check widecheck dot ddot grave hat tilde widetilde vec overrightarrow bm"
                  + " boldsymbol text textit textbf textnormal mathbb mathbin mathbf mathcal mathclap mathclose"
                  + " mathellipsis mathfrak mathinner mathit mathnormal mathop mathopen mathord mathpunct mathrel"
                  + " mathring mathrlap mathrm mathscr mathsf mathsterling mathtt mbox")
              .split(" "));

  /** Up to the first closing brace. */
  private static final Pattern ACCENTED =
      Pattern.compile("\\\\(?:" + String.join("|", ACCENTS) + ")[ \t\r\n]?\\{[^}]*+\\}");

  /** The words of all commands; Math-Verify reads {@code \leftarrow} as ≤ and letters. */
  private static final Set<String> WORDS = new HashSet<>(ACCENTS);

  private static final Pattern COMMAND = Pattern.compile("\\\\([a-zA-Z]+)");

  /** Signs that Math-Verify reads as {@code + − × = <} and similar signs. */
  private static final String UNCERTAIN_SIGNS = "∔⊕⊞∸⋄⊡∗⋆∘⊗⊠⋈⋉⋊≪≺⋖≫≻⋗≲≾≳≿≣≟≎≏≐≑≒≓≔≕≖≗≊≋≃≁≄≇≉≢";

  /** Greek letters by their Unicode sign, each with the command that names it. */
  static final Map<String, String> GREEK_SIGNS = new HashMap<>();

  static {
    for (Kind kind : Kind.values()) {
      for (String literal : kind.literals.isEmpty() ? new String[0] : kind.literals.split(" ")) {
        LITERALS.put(literal, kind);
      }
    }
    String[] greek =
        ("alpha α beta β gamma γ Gamma Γ delta δ Delta Δ epsilon ε varepsilon ϵ zeta ζ eta η theta θ Theta Θ vartheta"
                + " ϑ iota ι kappa κ lambda λ Lambda Λ mu μ nu ν xi ξ Xi Ξ omicron ο pi π Pi Π varpi ϖ rho ρ varrho ϱ"
                + " sigma σ Sigma Σ varsigma ς tau τ upsilon υ Upsilon Υ phi φ Phi Φ varphi ϕ chi χ psi ψ Psi Ψ omega ω"
                + " Omega Ω")
            .split(" ");
    for (int i = 0; i < greek.length; i += 2) {
      LITERALS.putIfAbsent("\\" + greek[i], GREEK);
      LITERALS.put(greek[i + 1], GREEK);
      GREEK_SIGNS.put(greek[i + 1], greek[i]);
    }
    int longest = 0;
    for (String literal : LITERALS.keySet()) {
      longest = Math.max(longest, literal.length());
      if (literal.charAt(0) < 128) {
        STARTS[literal.charAt(0)] = true;
      }
      COMMAND.matcher(literal).results().forEach(word -> WORDS.add(word.group(1)));
    }
    LONGEST = longest;
  }

  private LatexLexer() {}

  /** Refuses commands that Math-Verify would cut in two, and signs that it reads as others. */
  static void requireKnown(String text) {
    Matcher command = COMMAND.matcher(text);
    while (command.find()) {
      if (!WORDS.contains(command.group(1))
          && !text.startsWith("\\begin{array}", command.start())) {
        throw ParseFailure.meaningless("the command " + command.group());
      }
    }
    if (text.chars().anyMatch(sign -> sign > 127 && UNCERTAIN_SIGNS.indexOf(sign) >= 0)) {
      throw ParseFailure.meaningless("an uncertain sign");
    }
  }

  /** The tokens of a text, ending in one {@code END}. Throws {@link ParseFailure}. */
  static List<Token> tokens(String text, AlgebraLimit budget) {
    List<Token> tokens = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      budget.step();
      char c = text.charAt(at);
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        at++;
        continue;
      }
      Token token = longest(text, at);
      if (token.kind() != SKIP) {
        tokens.add(token);
      }
      if (tokens.size() > AlgebraLimit.MAX_TOKENS) {
        throw new AlgebraLimit.Exceeded("more than " + AlgebraLimit.MAX_TOKENS + " tokens");
      }
      at += token.text().length();
    }
    tokens.add(new Token(END, ""));
    return tokens;
  }

  private static Token longest(String text, int at) {
    char c = text.charAt(at);
    if (c >= '0' && c <= '9' || c == '.') {
      Matcher number = NUMBERS.matcher(text).region(at, text.length());
      if (number.lookingAt()) {
        boolean plain = number.group(1) == null;
        Kind kind = !plain ? E_NOTATION : number.group(2) != null ? PERCENT_NUMBER : NUMBER;
        return new Token(kind, number.group());
      }
    }
    Token best = literal(text, at);
    if (c == '\\') {
      best = longer(best, ARRAY_START, ARRAY, text, at);
      best = longer(best, ACCENT, ACCENTED, text, at);
    } else if (c == 'd') {
      best = longer(best, DIFFERENTIAL, DIFFERENTIALS, text, at);
    }
    if (!best.text().isEmpty()) {
      return best;
    }
    if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
      return new Token(LETTER, String.valueOf(c));
    }
    throw new ParseFailure("unexpected '" + c + "'");
  }

  /** The token of this kind at a position if it is longer, else {@code best}. */
  private static Token longer(Token best, Kind kind, Pattern pattern, String text, int at) {
    Matcher token = pattern.matcher(text).region(at, text.length());
    return token.lookingAt() && token.end() - at > best.text().length()
        ? new Token(kind, token.group())
        : best;
  }

  private static Token literal(String text, int at) {
    char c = text.charAt(at);
    if (c < 128 && !STARTS[c]) {
      return NO_TOKEN;
    }
    for (int length = Math.min(LONGEST, text.length() - at); length > 0; length--) {
      String candidate = text.substring(at, at + length);
      Kind kind = LITERALS.get(candidate);
      if (kind != null) {
        // A letter command includes one following space, which then counts in its length.
        boolean space =
            (kind == GREEK || kind == GAMMA || kind == OTHER_SYMBOL)
                && text.startsWith(" ", at + length);
        return space
            ? new Token(kind == GAMMA ? GREEK : kind, candidate + " ")
            : new Token(kind, candidate);
      }
    }
    return NO_TOKEN;
  }
}
