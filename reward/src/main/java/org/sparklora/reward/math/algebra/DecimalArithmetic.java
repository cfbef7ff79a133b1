package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Mul;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Percent;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Math-Verify's results for terms with decimals: a difference of SymPy floats, computed in SymPy's
 * order, so that {@code 0.1·3} is not 0.3 but {@code 14·10^-2} is {@code 1.4·10^-1}. Two terms are
 * equal when their difference, computed from the literals, is cut to zero, or is zero when computed
 * in floats.
 *
 * <p>An instance serves one comparison.
 *
 * @param chopBelow a difference smaller than this is cut to zero
 */
public record DecimalArithmetic(BigDecimal chopBelow, AlgebraLimit budget) {
  /** Powers with larger exponents are left to {@link Identity}. */
  private static final int MAX_EXPONENT = 400;

  /** Digits of irrational factors, more than a float holds. */
  private static final MathContext DIGITS = new MathContext(40);

  /** Irrational terms with a smaller difference are equal. */
  private static final BigDecimal NOTHING = new BigDecimal("1e-30");

  /** Largest difference of equal floats of ordinary size. */
  private static final BigDecimal LOST = new BigDecimal("1e-12");

  /** The 1/100 of a percent sign, which only simplification multiplies out. */
  private static final Expr HUNDREDTH = new Percent(Num.of(1));

  /** A number times factors that are not evaluated. */
  private record Term(FloatNumber number, List<Expr> factors) {}

  /** The difference of an equation's sides, evaluated as far as Math-Verify does. */
  public static Expr difference(Expr left, Expr right, AlgebraLimit budget) {
    if (!left.hasDecimal() && !right.hasDecimal()) {
      return Expr.minus(left, right);
    }
    DecimalArithmetic arithmetic = new DecimalArithmetic(BigDecimal.ZERO, budget);
    return new Add(
        arithmetic.subtracted(left, right).stream().map(DecimalArithmetic::written).toList());
  }

  /**
   * Whether a set of Math-Verify treats two numbers as one: their literals agree to all digits, if
   * one is a fraction by itself, else their difference in floats is zero.
   */
  public static boolean coincide(Expr a, Expr b, AlgebraLimit budget) {
    DecimalArithmetic arithmetic = new DecimalArithmetic(BigDecimal.ZERO, budget);
    boolean fraction = isFraction(a) || isFraction(b);
    List<Term> difference =
        fraction ? List.of(term(a), negated(term(b))) : arithmetic.subtracted(a, b);
    return isNumber(difference) && arithmetic.isBelow(difference, NOTHING);
  }

  private static boolean isFraction(Expr expr) {
    return expr instanceof Num num && !num.decimal();
  }

  /**
   * Whether Math-Verify finds two terms equal; empty without a decimal. Numbers so large that their
   * floats agree only by lost digits are not equal.
   */
  Optional<Boolean> equal(Expr gold, Expr pred) {
    if (!gold.hasDecimal() && !pred.hasDecimal()) {
      return Optional.empty();
    }
    return equalFloats(gold, pred).map(equal -> equal && !isLost(gold, pred));
  }

  private boolean isLost(Expr gold, Expr pred) {
    return Value.optional(() -> new Evaluator(Map.of(), budget).values(gold, pred))
        .filter(pair -> !Closeness.within(pair.first(), pair.second(), LOST))
        .isPresent();
  }

  private Optional<Boolean> equalFloats(Expr gold, Expr pred) {
    List<Term> difference = subtracted(gold, pred);
    if (!isLiteral(gold)
        && !isLiteral(pred)
        && isNumber(difference)
        && isBelow(difference, chopBelow)) {
      return Optional.of(true);
    }
    Map<List<Expr>, FloatNumber> evaluated = new LinkedHashMap<>();
    for (Term term : difference) {
      Term product = multiplied(term);
      evaluated.merge(product.factors(), product.number(), FloatNumber::plus);
    }
    evaluated.values().removeIf(FloatNumber::isZero);
    if (evaluated.size() < 2) {
      return Optional.of(evaluated.isEmpty());
    }
    // Several unlike terms may still cancel: numbers are evaluated, functions are undecided.
    List<Term> left = new ArrayList<>();
    evaluated.forEach((factors, number) -> left.add(new Term(number, factors)));
    return isNumber(left) ? Optional.of(isBelow(left, NOTHING)) : Optional.empty();
  }

  /** Whether the term is a single number, which is rounded and compared without cutting. */
  private static boolean isLiteral(Expr expr) {
    return expr instanceof Num || expr instanceof Percent percent && percent.arg() instanceof Num;
  }

  /** The terms of {@code a − b}: numbers added up, a term's number beside its factors. */
  private List<Term> subtracted(Expr a, Expr b) {
    List<Term> terms = new ArrayList<>();
    if (a instanceof Add add) {
      add.terms().forEach(part -> terms.add(term(part)));
    } else {
      terms.add(term(a));
    }
    List<Term> taken =
        b instanceof Add add
            ? flattened(add.terms().stream().map(part -> negated(term(part))).toList())
            : List.of(negated(term(b)));
    // The terms of a sum come after a term that is not a sum.
    terms.addAll(a instanceof Add && taken.size() == 1 ? 0 : terms.size(), taken);
    return flattened(terms);
  }

  private static Term term(Expr expr) {
    if (expr instanceof Num num) {
      return new Term(FloatNumber.of(num), List.of());
    }
    List<Expr> factors = new ArrayList<>();
    addFactors(expr, factors);
    if (!(factors.get(0) instanceof Num first)) {
      return new Term(FloatNumber.ONE, List.copyOf(factors));
    }
    return new Term(FloatNumber.of(first), List.copyOf(factors.subList(1, factors.size())));
  }

  private static void addFactors(Expr expr, List<Expr> factors) {
    if (expr instanceof Mul mul) {
      mul.factors().forEach(factor -> addFactors(factor, factors));
    } else if (expr instanceof Percent percent && !percent.equals(HUNDREDTH)) {
      addFactors(percent.arg(), factors);
      factors.add(HUNDREDTH);
    } else {
      factors.add(expr);
    }
  }

  /** Negates a term; the sign goes to its first numeric factor. */
  private static Term negated(Term term) {
    boolean fraction = term.number().bits() == 0;
    if (fraction && !term.factors().isEmpty() && term.factors().get(0) instanceof Num second) {
      FloatNumber product = FloatNumber.of(second).times(term.number().negate());
      return new Term(product, term.factors().subList(1, term.factors().size()));
    }
    return new Term(term.number().negate(), term.factors());
  }

  /** Adds up terms with the same factors, and multiplies numbers. */
  private List<Term> flattened(List<Term> written) {
    Deque<Term> work = new ArrayDeque<>(written);
    FloatNumber sum = FloatNumber.ZERO;
    Map<List<Expr>, FloatNumber> terms = new LinkedHashMap<>();
    while (!work.isEmpty()) {
      Term term = work.removeFirst();
      budget.step(1 + term.factors().size());
      budget.fractions(sum.value(), term.number().value());
      boolean alone = term.factors().size() == 1 && term.number().equals(FloatNumber.ONE);
      if (term.factors().isEmpty()) {
        sum = sum.plus(term.number());
      } else if (alone && term.factors().get(0) instanceof Add add) {
        add.terms().forEach(part -> work.addLast(term(part)));
      } else if (alone && wholePower(term.factors().get(0)).isPresent()) {
        work.addLast(new Term(wholePower(term.factors().get(0)).get(), List.of()));
      } else {
        terms.merge(term.factors(), term.number(), FloatNumber::plus);
      }
    }
    List<Term> result = new ArrayList<>();
    if (!sum.isZero()) {
      result.add(new Term(sum, List.of()));
    }
    terms.forEach(
        (factors, number) -> {
          if (!number.isZero()) {
            Term term = new Term(number, factors);
            boolean two = factors.size() == 1 && !number.equals(FloatNumber.ONE);
            result.add(two && !factors.get(0).equals(HUNDREDTH) ? multiplied(term) : term);
          }
        });
    return result;
  }

  private Optional<FloatNumber> wholePower(Expr expr) {
    return expr instanceof Pow pow
            && pow.base() instanceof Num
            && pow.exponent() instanceof Num exponent
            && exponent.isInteger()
        ? number(expr)
        : Optional.empty();
  }

  private Term multiplied(Term term) {
    FloatNumber product = term.number();
    List<Expr> rest = new ArrayList<>();
    for (Expr factor : term.factors()) {
      Optional<FloatNumber> number = number(factor);
      budget.fractions(product.value(), number.orElse(FloatNumber.ONE).value());
      product = number.isPresent() ? product.times(number.get()) : product;
      if (number.isEmpty()) {
        rest.add(factor);
      }
    }
    rest.sort(Comparator.comparing(ExprPrinter::print));
    return new Term(product, List.copyOf(rest));
  }

  /** The value of a factor as a number; roots and logarithms of fractions stay. */
  private Optional<FloatNumber> number(Expr expr) {
    budget.step();
    if (expr instanceof Num num) {
      return Optional.of(FloatNumber.of(num));
    }
    if (expr instanceof Percent percent) {
      return number(percent.arg()).map(n -> n.times(FloatNumber.exact(Rational.of(1, 100))));
    }
    if (expr instanceof Mul mul) {
      return all(mul.factors(), FloatNumber.ONE, FloatNumber::times);
    }
    if (expr instanceof Add add) {
      return all(add.terms(), FloatNumber.ZERO, FloatNumber::plus);
    }
    if (expr instanceof Pow pow && pow.exponent() instanceof Num exponent && exponent.isInteger()) {
      return number(pow.base())
          .filter(base -> exponent.value().abs().compareTo(Rational.of(MAX_EXPONENT)) <= 0)
          .filter(base -> !base.isZero() || exponent.value().signum() > 0)
          .map(base -> power(base, exponent.value().numerator().intValueExact()));
    }
    boolean computed = expr instanceof Pow || expr instanceof Expr.Call;
    if (!computed || !Expr.freeSymbols(expr).isEmpty()) {
      return Optional.empty();
    }
    boolean decimal = expr.hasDecimal();
    return Value.optional(() -> Evaluator.constant(fractions(expr), budget))
        .filter(value -> !(value instanceof Value.Unbounded))
        .filter(value -> decimal ? Value.isReal(value) : value instanceof Value.Exact)
        .map(
            value ->
                decimal
                    ? FloatNumber.rounded(real(value), FloatNumber.bits(0))
                    : FloatNumber.exact(real(value)));
  }

  private FloatNumber power(FloatNumber base, int exponent) {
    long bits = (long) base.value().bits() * Math.abs(exponent);
    budget.checkBits(bits);
    budget.step(4 * AlgebraLimit.product(bits) + AlgebraLimit.commonDivisor(bits / 2));
    return base.pow(exponent);
  }

  private Optional<FloatNumber> all(
      List<Expr> parts, FloatNumber start, BinaryOperator<FloatNumber> operation) {
    FloatNumber result = start;
    for (Expr part : parts) {
      Optional<FloatNumber> number = number(part);
      if (number.isEmpty()) {
        return Optional.empty();
      }
      budget.fractions(result.value(), number.get().value());
      result = operation.apply(result, number.get());
    }
    return Optional.of(result);
  }

  private static Rational real(Value value) {
    return value instanceof Value.Exact exact
        ? exact.rational()
        : Rational.of(Value.complex(value).re().round(DIGITS));
  }

  /** Whether Math-Verify evaluates the terms; it leaves a percentage as written. */
  private static boolean isNumber(List<Term> terms) {
    return terms.stream()
        .flatMap(term -> term.factors().stream())
        .noneMatch(f -> f.equals(HUNDREDTH) || !Expr.freeSymbols(f).isEmpty());
  }

  /** Whether the literals, computed to more digits than floats have, give nearly 0. */
  private boolean isBelow(List<Term> terms, BigDecimal bound) {
    Add sum = new Add(terms.stream().map(DecimalArithmetic::written).toList());
    return Value.optional(() -> Evaluator.constant(binary(sum), budget))
        .filter(value -> Closeness.within(value, Value.ZERO, bound))
        .isPresent();
  }

  private static Expr written(Term term) {
    Expr number = term.number().literal();
    return term.factors().isEmpty() ? number : Expr.times(number, new Mul(term.factors()));
  }

  /** Replaces each decimal, and each logarithm of one, by the fraction that is its float. */
  private Expr binary(Expr expr) {
    Expr logarithms =
        Substitution.everywhere(
            expr,
            node ->
                node instanceof Expr.Call call && call.name().equals("log") && node.hasDecimal()
                    ? number(node).<Expr>map(FloatNumber::literal).orElse(node)
                    : node);
    return fractions(logarithms);
  }

  private static Expr fractions(Expr expr) {
    return Substitution.everywhere(
        expr,
        node ->
            node instanceof Num num && num.decimal() ? Num.of(FloatNumber.of(num).value()) : node);
  }
}
