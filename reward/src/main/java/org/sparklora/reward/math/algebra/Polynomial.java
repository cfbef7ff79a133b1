package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * A polynomial in one variable with exact coefficients, lowest degree first, without leading zeros;
 * the zero polynomial has no coefficients.
 */
public record Polynomial(List<Rational> coefficients) {
  private static final int MAX_DEGREE = 40;
  static final Polynomial ONE = constant(Rational.ONE);

  /** A quotient of two polynomials. */
  public record Fraction(Polynomial above, Polynomial below) {}

  public Polynomial {
    int size = coefficients.size();
    while (size > 0 && coefficients.get(size - 1).signum() == 0) {
      size--;
    }
    coefficients = List.copyOf(coefficients.subList(0, size));
  }

  static Polynomial constant(Rational value) {
    return new Polynomial(List.of(value));
  }

  public int degree() {
    return coefficients.size() - 1;
  }

  public boolean isZero() {
    return coefficients.isEmpty();
  }

  private Rational lead() {
    return coefficients.get(degree());
  }

  private Rational coefficient(int power) {
    return power < coefficients.size() ? coefficients.get(power) : Rational.ZERO;
  }

  Polynomial plus(Polynomial other, AlgebraLimit budget) {
    List<Rational> sum = new ArrayList<>();
    for (int i = 0; i < Math.max(coefficients.size(), other.coefficients.size()); i++) {
      sum.add(coefficient(i).plus(other.coefficient(i), budget));
    }
    return new Polynomial(sum);
  }

  Polynomial times(Rational factor, AlgebraLimit budget) {
    return new Polynomial(coefficients.stream().map(c -> c.times(factor, budget)).toList());
  }

  Polynomial times(Polynomial other, AlgebraLimit budget) {
    if (isZero() || other.isZero()) {
      return new Polynomial(List.of());
    }
    if (degree() + other.degree() > MAX_DEGREE) {
      throw new Value.None("a polynomial of degree " + (degree() + other.degree()));
    }
    Rational[] product = new Rational[coefficients.size() + other.coefficients.size() - 1];
    Arrays.fill(product, Rational.ZERO);
    for (int i = 0; i < coefficients.size(); i++) {
      for (int j = 0; j < other.coefficients.size(); j++) {
        Rational term = coefficients.get(i).times(other.coefficients.get(j), budget);
        product[i + j] = product[i + j].plus(term, budget);
      }
    }
    return new Polynomial(List.of(product));
  }

  Rational at(Rational x, AlgebraLimit budget) {
    Rational value = Rational.ZERO;
    for (int i = degree(); i >= 0; i--) {
      value = value.times(x, budget).plus(coefficients.get(i), budget);
    }
    return value;
  }

  private Polynomial derivative() {
    return new Polynomial(
        IntStream.rangeClosed(1, degree())
            .mapToObj(i -> coefficients.get(i).times(Rational.of(i)))
            .toList());
  }

  /** The antiderivative that is zero at zero. */
  Polynomial antiderivative() {
    List<Rational> terms = new ArrayList<>(List.of(Rational.ZERO));
    for (int i = 0; i <= degree(); i++) {
      terms.add(coefficients.get(i).dividedBy(Rational.of(i + 1L)));
    }
    return new Polynomial(terms);
  }

  /** Quotient and remainder. */
  public Polynomial[] divide(Polynomial divisor, AlgebraLimit budget) {
    List<Rational> rest = new ArrayList<>(coefficients);
    int steps = Math.max(0, degree() - divisor.degree() + 1);
    Rational[] quotient = new Rational[steps];
    for (int k = steps - 1; k >= 0; k--) {
      Rational inverse = Rational.ONE.dividedBy(divisor.lead());
      Rational factor = rest.get(k + divisor.degree()).times(inverse, budget);
      quotient[k] = factor;
      for (int j = 0; j <= divisor.degree(); j++) {
        Rational taken = factor.times(divisor.coefficients.get(j), budget);
        rest.set(k + j, rest.get(k + j).plus(taken.negate(), budget));
      }
    }
    return new Polynomial[] {new Polynomial(List.of(quotient)), new Polynomial(rest)};
  }

  public Polynomial gcd(Polynomial other, AlgebraLimit budget) {
    Polynomial a = this;
    Polynomial b = other;
    while (!b.isZero()) {
      Polynomial rest = a.divide(b, budget)[1];
      a = b;
      b = rest.isZero() ? rest : rest.times(Rational.ONE.dividedBy(rest.lead()), budget);
    }
    return a;
  }

  /** The polynomial with the same roots, each simple. */
  public Polynomial squareFree(AlgebraLimit budget) {
    return degree() <= 1 ? this : divide(gcd(derivative(), budget), budget)[0];
  }

  /** The number of real roots, by Sturm's theorem; the polynomial must be square-free. */
  public int realRoots(AlgebraLimit budget) {
    if (degree() <= 0) {
      return 0;
    }
    List<Polynomial> chain = sturmChain(budget);
    // Far to the left, odd powers have the other sign.
    return signChanges(chain, p -> p.lead().signum() * (p.degree() % 2 == 1 ? -1 : 1))
        - signChanges(chain, p -> p.lead().signum());
  }

  /** Sturm's chain of a square-free polynomial that is not constant. */
  List<Polynomial> sturmChain(AlgebraLimit budget) {
    List<Polynomial> chain = new ArrayList<>(List.of(this, derivative()));
    while (true) {
      Polynomial last = chain.get(chain.size() - 1);
      Polynomial rest = chain.get(chain.size() - 2).divide(last, budget)[1];
      if (rest.isZero()) {
        return chain;
      }
      // Scaled by a positive number only, since the chain depends on signs.
      chain.add(rest.times(Rational.of(-1).dividedBy(rest.lead().abs()), budget));
    }
  }

  /** The changes of this sign along the chain, without zeros. */
  static int signChanges(List<Polynomial> chain, ToIntFunction<Polynomial> signOf) {
    int changes = 0;
    int before = 0;
    for (Polynomial p : chain) {
      int sign = signOf.applyAsInt(p);
      changes += before * sign < 0 ? 1 : 0;
      before = sign == 0 ? before : sign;
    }
    return changes;
  }

  /** Real roots of a square-free product of small rational factors and a quadratic; else empty. */
  public Optional<List<Expr>> rootsAsExpressions(AlgebraLimit budget) {
    List<Expr> roots = new ArrayList<>();
    Polynomial rest = this;
    while (rest.degree() > 2) {
      Optional<Rational> root = rest.smallRationalRoot(budget);
      if (root.isEmpty()) {
        return Optional.empty();
      }
      roots.add(Expr.Num.of(root.get()));
      rest = rest.divide(new Polynomial(List.of(root.get().negate(), Rational.ONE)), budget)[0];
    }
    if (rest.degree() == 1) {
      roots.add(Expr.Num.of(rest.coefficients.get(0).negate().dividedBy(rest.lead())));
    } else if (rest.degree() == 2) {
      Rational half = rest.coefficients.get(1).dividedBy(rest.lead()).times(Rational.HALF).negate();
      Rational square = half.times(half).minus(rest.coefficients.get(0).dividedBy(rest.lead()));
      if (square.signum() >= 0) {
        Expr root = new Expr.Pow(Expr.Num.of(square), Expr.Num.of(Rational.HALF));
        roots.add(new Expr.Add(List.of(Expr.Num.of(half), Expr.negate(root))));
        roots.add(new Expr.Add(List.of(Expr.Num.of(half), root)));
      }
    }
    return Optional.of(roots);
  }

  private Optional<Rational> smallRationalRoot(AlgebraLimit budget) {
    for (int below = 1; below <= 6; below++) {
      for (int above = 0; above <= 60; above++) {
        budget.step();
        for (int sign = -1; sign <= 1; sign += 2) {
          Rational candidate = Rational.of((long) sign * above, below);
          if (at(candidate, budget).signum() == 0) {
            return Optional.of(candidate);
          }
        }
      }
    }
    return Optional.empty();
  }

  /** The term as a fraction of polynomials; throws {@link Value.None} if it has no such form. */
  public static Fraction of(Expr expr, Expr.Symbol variable, AlgebraLimit budget) {
    budget.step();
    if (expr.equals(variable)) {
      return new Fraction(new Polynomial(List.of(Rational.ZERO, Rational.ONE)), ONE);
    } else if (expr instanceof Expr.Num num) {
      return new Fraction(constant(num.value()), ONE);
    } else if (expr instanceof Expr.Percent percent) {
      Fraction inner = of(percent.arg(), variable, budget);
      return new Fraction(inner.above().times(Rational.of(1, 100), budget), inner.below());
    } else if (expr instanceof Expr.Add add) {
      Fraction sum = new Fraction(constant(Rational.ZERO), ONE);
      for (Expr term : add.terms()) {
        Fraction next = of(term, variable, budget);
        sum =
            new Fraction(
                sum.above()
                    .times(next.below(), budget)
                    .plus(next.above().times(sum.below(), budget), budget),
                sum.below().times(next.below(), budget));
      }
      return sum;
    } else if (expr instanceof Expr.Mul mul) {
      Fraction product = new Fraction(ONE, ONE);
      for (Expr factor : mul.factors()) {
        product = product(product, of(factor, variable, budget), budget);
      }
      return product;
    } else if (expr instanceof Expr.Pow pow
        && pow.exponent() instanceof Expr.Num num
        && num.value().isInteger()
        && num.value().abs().compareTo(Rational.of(MAX_DEGREE)) <= 0) {
      Fraction base = of(pow.base(), variable, budget);
      int exponent = num.value().numerator().intValueExact();
      Fraction factor = exponent < 0 ? new Fraction(base.below(), base.above()) : base;
      if (factor.below().isZero()) {
        throw new Value.None("division by zero");
      }
      Fraction result = new Fraction(ONE, ONE);
      for (int i = 0; i < Math.abs(exponent); i++) {
        result = product(result, factor, budget);
      }
      return result;
    } else if (Expr.freeSymbols(expr).isEmpty()
        && Evaluator.constant(expr, budget) instanceof Value.Exact exact) {
      return new Fraction(constant(exact.rational()), ONE);
    }
    throw new Value.None("no polynomial");
  }

  private static Fraction product(Fraction a, Fraction b, AlgebraLimit budget) {
    return new Fraction(a.above().times(b.above(), budget), a.below().times(b.below(), budget));
  }
}
