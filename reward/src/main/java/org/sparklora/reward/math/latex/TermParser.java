package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.latex.LatexLexer.Token;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;

/**
 * Reads one term, an expression with a value. Sums and products are left-associative; juxtaposition
 * is a product, except that a whole number before a positive fraction is a mixed number; a function
 * without brackets takes the whole product after it, up to the next function.
 *
 * <p>This class reads operators with their precedence; {@link OperandParser} and {@link
 * FunctionParser} read the operands, and call this class for the terms inside them. {@link
 * LatexParser} adds relations, sets and lists.
 */
final class TermParser {
  /** Size limit of terms in which a value is substituted, which repeats it. */
  private static final int MAX_SIZE = 5_000;

  private final TokenCursor in;
  private final OperandParser operands;
  private final FunctionParser functions;

  /** The bar that closes the absolute value being read, or {@code END} when none is open. */
  private Kind closingBar = END;

  /** Whether a differential ends the term, as in an integral. */
  private boolean stopAtDifferential;

  /** Remainders in the current sum: {@code a + b mod c} is read in two ways. */
  private int remainders;

  TermParser(TokenCursor in, boolean real) {
    SymbolNames names = new SymbolNames(real, in.isStrict());
    this.in = in;
    this.operands = new OperandParser(in, names, this);
    this.functions = new FunctionParser(in, names, this, operands);
  }

  /** A name with its scripts, before {@code =} or {@code ∈}. */
  Expr name() {
    return operands.name();
  }

  /** A term, which is a sum; read once at each position. */
  Expr term() {
    int mode = (closingBar == END ? 0 : 1) + (stopAtDifferential ? 2 : 0);
    return in.remember(mode, this::sum);
  }

  /** A term in its own brackets, which an outer bar or differential does not end. */
  Expr enclosedTerm() {
    int outside = remainders;
    try {
      return endedBy(END, false, this::term);
    } finally {
      remainders = outside;
    }
  }

  private Expr endedBy(Kind bar, boolean differential, Supplier<Expr> reading) {
    Kind outerBar = closingBar;
    boolean outerDifferential = stopAtDifferential;
    closingBar = bar;
    stopAtDifferential = differential;
    try {
      return reading.get();
    } finally {
      closingBar = outerBar;
      stopAtDifferential = outerDifferential;
    }
  }

  /** A term between these brackets. */
  Expr enclosedTerm(Kind open, Kind close) {
    in.expect(open);
    Expr value = enclosedTerm();
    in.expect(close);
    return value;
  }

  /** A term in braces. */
  Expr bracedTerm() {
    return enclosedTerm(L_BRACE, R_BRACE);
  }

  /** The sum up to the bar that closes an absolute value. */
  Expr sumUpTo(Kind bar) {
    return endedBy(bar, stopAtDifferential, () -> in.nested(this::sum));
  }

  /** An integrand, up to its differential; an empty one is 1. */
  Expr integrand() {
    return endedBy(closingBar, true, () -> in.is(DIFFERENTIAL) ? Num.of(1) : in.nested(this::sum));
  }

  private Expr sum() {
    int before = remainders;
    Expr first = product(true);
    if (!in.is(ADD) && !in.is(SUB)) {
      return first;
    }
    List<Expr> terms = new ArrayList<>();
    addTerm(terms, first);
    Expr matrix = first;
    while (in.is(ADD) || in.is(SUB)) {
      boolean minus = in.next().kind() == SUB;
      Expr right = product(true);
      if (matrix instanceof Matrix || right instanceof Matrix) {
        matrix = MatrixAlgebra.add(matrix, minus ? MatrixAlgebra.negate(right) : right);
      } else {
        addTerm(terms, minus ? Expr.negate(right) : right);
      }
    }
    if (remainders > before) {
      in.refuseIfStrict("a sum and a remainder");
    }
    return matrix instanceof Matrix ? matrix : new Add(List.copyOf(terms));
  }

  private static void addTerm(List<Expr> terms, Expr term) {
    if (term instanceof Add add) {
      terms.addAll(add.terms());
    } else {
      terms.add(term);
    }
  }

  /** A product. {@code withFunctions}: whether a function may directly follow another factor. */
  Expr product(boolean withFunctions) {
    Expr left = signed(withFunctions);
    boolean nests = false;
    // In a book, \cdot ends the argument of \sin x \cdot y.
    boolean products = withFunctions || !in.isStrict();
    while (in.is(MUL) && products || in.is(DIV) || in.is(COLON) || in.is(MOD)) {
      Token sign = in.next();
      Kind operator = sign.kind();
      if (sign.text().equals("\\over")) {
        in.refuseIfStrict("a fraction without its braces");
      }
      remainders += operator == MOD ? 1 : 0;
      if (operator != MUL) {
        wrapIf(nests);
        nests = true;
      }
      Expr right = signed(withFunctions);
      left =
          switch (operator) {
            case MUL -> MatrixAlgebra.times(left, right, in.budget());
            case MOD -> Call.of("mod", left, right);
            default -> MatrixAlgebra.divide(left, right);
          };
    }
    return left;
  }

  private void wrapIf(boolean nests) {
    if (nests) {
      in.wrap();
    }
  }

  private Expr signed(boolean withFunctions) {
    boolean minus = false;
    while (in.is(ADD) || in.is(SUB)) {
      minus ^= in.next().kind() == SUB;
    }
    Expr value = juxtaposed(withFunctions);
    return minus ? MatrixAlgebra.negate(value) : value;
  }

  private Expr juxtaposed(boolean withFunctions) {
    List<Expr> parts = new ArrayList<>();
    parts.add(postfix(true));
    while (startsFactor(withFunctions)) {
      if (isLiteral(in.kind()) && isLiteral(in.kindAfter(-1))) {
        in.refuseIfStrict("a number beside a number");
      }
      parts.add(postfix(withFunctions));
    }
    Expr right = parts.get(parts.size() - 1);
    if (OperandParser.isPendingDerivative(right)) {
      throw ParseFailure.meaningless("a derivative of nothing");
    }
    for (int i = parts.size() - 2; i >= 0; i--) {
      wrapIf(OperandParser.isPendingDerivative(parts.get(i)));
      right = sideBySide(parts.get(i), right);
    }
    return right;
  }

  private static boolean isLiteral(Kind kind) {
    return kind == NUMBER || kind == PERCENT_NUMBER || kind == E_NOTATION;
  }

  private Expr sideBySide(Expr left, Expr right) {
    if (OperandParser.isPendingDerivative(left)) {
      return new Expr.Derivative(right, ((Expr.Derivative) left).variable());
    }
    if (!in.isStrict()
        && left instanceof Num whole
        && whole.isInteger()
        && right instanceof Num part
        && !part.decimal()
        && part.value().signum() > 0) {
      Rational fraction = whole.value().signum() < 0 ? part.value().negate() : part.value();
      return Num.of(whole.value().plus(fraction));
    }
    return MatrixAlgebra.times(left, right, in.budget());
  }

  private boolean startsFactor(boolean withFunctions) {
    return switch (in.kind()) {
      case L_PAREN, L_GROUP, L_BRACKET, L_BRACK, L_BRACE, L_BRACE_VISUAL, L_BRACE_CMD -> true;
      case L_VERT, L_ANGLE, L_FLOOR, LL_CORNER, L_CEIL, UL_CORNER, PHANTOM, BOXED -> true;
      case FRAC, BINOM, MATRIX_START, ARRAY_START, DET_START -> true;
      case LETTER, GREEK, OTHER_SYMBOL, ACCENT, INFTY, PARTIAL, UPPER_E, GAMMA -> true;
      case NUMBER, PERCENT_NUMBER, E_NOTATION -> true;
      case BAR, VERT, NORM -> in.kind() != closingBar;
      case DIFFERENTIAL -> !stopAtDifferential;
      case FUNCTION, MULTI_FUNCTION, OPERATOR_NAME, INT, SUM, PROD, LIM, SQRT, EXP_E ->
          withFunctions;
      default -> false;
    };
  }

  private Expr postfix(boolean withFunctions) {
    Expr value = power(withFunctions);
    while (true) {
      switch (in.kind()) {
        case BANG -> {
          in.next();
          if (in.is(BANG)) {
            in.refuseIfStrict("a double factorial");
          }
          wrapIf(value instanceof Call);
          value = Call.of("factorial", value);
        }
        case TRANSPOSE -> {
          in.next();
          if (!(value instanceof Matrix)) {
            in.refuseIfStrict("a transposed value that is no matrix");
          }
          value = value instanceof Matrix matrix ? MatrixAlgebra.transpose(matrix) : value;
        }
        case DEGREE -> in.next();
        case BAR -> {
          // Except as {@code |_{…}}, the bar closes an absolute value: |x|^{2}.
          if (in.kindAfter(1) != UNDERSCORE || in.kindAfter(2) != L_BRACE) {
            return value;
          }
          in.next();
          in.wrap();
          value = evaluatedAt(value);
        }
        default -> {
          return value;
        }
      }
    }
  }

  /** {@code x|_{x=2}}: the term with the variable replaced. */
  private Expr evaluatedAt(Expr value) {
    in.expect(UNDERSCORE);
    in.expect(L_BRACE);
    Expr variable = enclosedTerm();
    if (!in.skip(ASSIGNMENT) && !in.skip(EQUAL)) {
      throw ParseFailure.meaningless("a value at an unnamed place");
    }
    Expr at = enclosedTerm();
    in.expect(R_BRACE);
    if (!(variable instanceof Symbol symbol)) {
      throw ParseFailure.meaningless("a value at a place that is not a variable's");
    }
    if ((long) Expr.size(value, MAX_SIZE) * Expr.size(at, MAX_SIZE) > MAX_SIZE) {
      throw new AlgebraLimit.Exceeded("a term of more than " + MAX_SIZE + " parts");
    }
    return Substitution.replace(value, symbol, at);
  }

  private Expr power(boolean withFunctions) {
    Expr value = primary(withFunctions);
    while (in.skip(CARET)) {
      if (OperandParser.isPendingDerivative(value)) {
        throw ParseFailure.meaningless("a power of a derivative sign");
      }
      wrapIf(value instanceof Pow);
      value = new Pow(value, operands.script());
      if (in.skip(UNDERSCORE)) {
        in.refuseIfStrict("a subscript of a power");
        operands.subscriptText();
      }
    }
    return value;
  }

  private Expr primary(boolean withFunctions) {
    return switch (in.kind()) {
      case L_PAREN -> enclosedTerm(L_PAREN, R_PAREN);
      case L_GROUP -> enclosedTerm(L_GROUP, R_GROUP);
      case L_BRACKET -> enclosedTerm(L_BRACKET, R_BRACKET);
      case L_BRACK -> enclosedTerm(L_BRACK, R_BRACK);
      case L_BRACE_VISUAL -> enclosedTerm(L_BRACE_VISUAL, R_BRACE_VISUAL);
      case L_BRACE_CMD -> enclosedTerm(L_BRACE_CMD, R_BRACE_CMD);
      case L_BRACE -> operands.braces();
      case PHANTOM, BOXED -> {
        if (in.next().kind() == PHANTOM) {
          in.refuseIfStrict("what is not printed");
        }
        yield bracedTerm();
      }
      case BAR, VERT -> operands.absolute(in.kind());
      case L_VERT -> Call.of("abs", enclosedTerm(L_VERT, R_VERT));
      case L_FLOOR -> Call.of("floor", enclosedTerm(L_FLOOR, R_FLOOR));
      case LL_CORNER -> Call.of("floor", enclosedTerm(LL_CORNER, LR_CORNER));
      case L_CEIL -> Call.of("ceiling", enclosedTerm(L_CEIL, R_CEIL));
      case UL_CORNER -> Call.of("ceiling", enclosedTerm(UL_CORNER, UR_CORNER));
      case NORM -> {
        operands.absolute(NORM);
        throw ParseFailure.meaningless("a norm");
      }
      case L_ANGLE -> {
        enclosedTerm(L_ANGLE, R_ANGLE);
        throw ParseFailure.meaningless("a product in angles");
      }
      case FRAC -> operands.fraction();
      case BINOM -> operands.binomial();
      case MATRIX_START -> operands.matrix(MATRIX_END);
      case ARRAY_START -> operands.matrix(ARRAY_END);
      case DET_START ->
          Evaluator.folded(MatrixAlgebra.determinant(operands.matrix(DET_END)), in.budget());
      default -> withFunctions ? functions.functionOrAtom() : operands.atom(true, true);
    };
  }
}
