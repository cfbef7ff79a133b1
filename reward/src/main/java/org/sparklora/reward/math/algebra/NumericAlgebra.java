package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.PreciseMath;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Integrals, limits and derivatives without a computer algebra system: integrates polynomials
 * exactly, other definite integrals branch by branch by double-exponential quadrature, and
 * extrapolates limits, both to nearly 50 digits or not at all; takes derivatives by the rules of
 * calculus.
 *
 * <p>Leaves other expressions as they are. Stateless and thread-safe.
 */
final class NumericAlgebra {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal AGREEMENT = new BigDecimal("1e-38");
  private static final int LIMIT_POINTS = 26;

  /** Size limit, since each derivative of a derivative repeats its parts. */
  private static final int MAX_SIZE = 20_000;

  private NumericAlgebra() {}

  /** Works out integrals, limits and derivatives; empty if one or an infinite sum is left. */
  static Optional<Expr> workOut(Expr expr, AlgebraLimit budget) {
    UnaryOperator<Expr> evaluated =
        node -> Value.optional(() -> workOutNode(node, budget)).orElse(node);
    return Optional.of(Substitution.everywhere(expr, evaluated))
        .filter(done -> !Identity.needsAlgebra(done));
  }

  private static Expr workOutNode(Expr node, AlgebraLimit budget) {
    if (node instanceof Expr.Derivative derivative) {
      Expr slope = Differentiation.of(derivative.body(), derivative.variable(), budget);
      if (Expr.size(slope, MAX_SIZE) >= MAX_SIZE) {
        throw new AlgebraLimit.Exceeded("a derivative of " + MAX_SIZE + " parts");
      }
      return slope;
    } else if (node instanceof Expr.Limit limit) {
      return limit(limit, budget);
    }
    return node instanceof Iterated it
            && it.kind() == Iterated.Kind.INTEGRAL
            && it.bounds().size() == 2
        ? integral(it, budget)
        : node;
  }

  private static Expr number(Complex value) {
    Expr re = Num.of(Rational.of(value.re().round(PreciseMath.CONTEXT)));
    if (value.isReal()) {
      return re;
    }
    Expr im = Num.of(Rational.of(value.im().round(PreciseMath.CONTEXT)));
    return new Expr.Add(List.of(re, Expr.times(im, Expr.Constant.I)));
  }

  /** Whether two successive approximations agree. */
  private static boolean isSettled(Complex now, Complex before) {
    BigDecimal size = now.abs().max(new BigDecimal("1e-3"));
    return now.minus(before).abs().compareTo(size.multiply(AGREEMENT)) < 0;
  }

  /** Neville's extrapolation of f(x₀ ± 2⁻ʲ) to the point itself; 1/2⁻ʲ for a limit at infinity. */
  private static Expr limit(Expr.Limit limit, AlgebraLimit budget) {
    Value point = Evaluator.constant(limit.point(), budget);
    List<BigDecimal> steps = new ArrayList<>();
    List<Complex> row = new ArrayList<>();
    Complex before = Complex.real(BigDecimal.ZERO);
    for (int j = 0; j < LIMIT_POINTS; j++) {
      BigDecimal h = BigDecimal.ONE.divide(TWO.pow(j + 4), PreciseMath.CONTEXT);
      Value x = near(point, h, limit.fromAbove(), budget);
      Complex f =
          Value.complex(new Evaluator(Map.of(limit.variable(), x), budget).value(limit.body()));
      steps.add(h);
      row.add(f);
      // Row j of the tableau, in place: P(i..j) = (h_i P(i+1..j) − h_j P(i..j−1)) / (h_i − h_j).
      budget.step(5L * j);
      for (int i = j - 1; i >= 0; i--) {
        BigDecimal hi = steps.get(i);
        Complex above =
            row.get(i + 1).times(Complex.real(hi)).minus(row.get(i).times(Complex.real(h)));
        row.set(i, above.dividedBy(Complex.real(hi.subtract(h))));
      }
      Complex now = row.get(0);
      if (j > 12 && isSettled(now, before)) {
        return number(now);
      }
      before = now;
    }
    throw new Value.None("a limit that does not settle");
  }

  private static Value near(Value point, BigDecimal h, boolean above, AlgebraLimit budget) {
    if (point instanceof Value.Unbounded unbounded) {
      BigDecimal far = BigDecimal.ONE.divide(h, PreciseMath.CONTEXT);
      return new Value.Exact(Rational.of(unbounded.sign() > 0 ? far : far.negate()));
    }
    return Value.add(point, new Value.Exact(Rational.of(above ? h : h.negate())), budget);
  }

  /** Integrates piece by piece, so that the integrand has one branch on each piece. */
  private static Expr integral(Iterated it, AlgebraLimit budget) {
    Value from = Evaluator.constant(it.bounds().get(0), budget);
    Value to = Evaluator.constant(it.bounds().get(1), budget);
    if (Expr.freeSymbols(it).size() > 0) {
      return piece(it, it.body(), from, to, budget);
    }
    List<Expr> pieces = new ArrayList<>();
    Value start = from;
    for (Value end : BranchPoints.between(it.body(), it.variable(), from, to, budget)) {
      Expr body = it.body();
      if (start != from || end != to) {
        Value middle = Value.middle(start, end, budget);
        body = BranchPoints.chosen(body, it.variable(), middle, budget);
      }
      pieces.add(piece(it, body, start, end, budget));
      start = end;
    }
    return pieces.size() == 1 ? pieces.get(0) : new Expr.Add(List.copyOf(pieces));
  }

  private static Expr piece(Iterated it, Expr body, Value from, Value to, AlgebraLimit budget) {
    if (from instanceof Value.Exact a && to instanceof Value.Exact b) {
      try {
        Polynomial.Fraction f = Polynomial.of(body, it.variable(), budget);
        if (f.below().degree() == 0) {
          Rational scale = Rational.ONE.dividedBy(f.below().coefficients().get(0));
          Polynomial primitive = f.above().times(scale, budget).antiderivative();
          return Num.of(
              primitive.at(b.rational(), budget).minus(primitive.at(a.rational(), budget)));
        }
      } catch (Value.None none) {
        // Not a polynomial: by quadrature.
      }
    }
    if (Expr.freeSymbols(it).size() > 0) {
      throw new Value.None("an integral with parameters");
    }
    return number(quadrature(body, it.variable(), from, to, budget));
  }

  /** Substitutes x = φ(π/2 sinh t): the integrand decays double-exponentially at both ends. */
  private static Complex quadrature(
      Expr body, Symbol variable, Value from, Value to, AlgebraLimit budget) {
    Complex before = Complex.real(BigDecimal.ZERO);
    for (int level = 4; level <= 6; level++) {
      Complex sum = Complex.real(BigDecimal.ZERO);
      for (Node node : Node.ofLevel(level)) {
        budget.step(2 * PreciseMath.ORDINARY.exponential());
        Place place = place(node, from, to, budget);
        Map<Symbol, Value> at = Map.of(variable, place.x());
        Optional<Complex> f =
            Value.optional(() -> Value.complex(new Evaluator(at, budget).value(body)));
        // Only an end has no value, and its weight is negligible.
        sum = f.isPresent() ? sum.plus(f.get().times(Complex.real(place.weight()))) : sum;
      }
      Complex now = sum.dividedBy(Complex.real(TWO.pow(level)));
      if (level > 4 && isSettled(now, before)) {
        return now;
      }
      before = now;
    }
    throw new Value.None("an integral that does not settle");
  }

  private record Place(Value x, BigDecimal weight) {}

  private static Place place(Node node, Value from, Value to, AlgebraLimit budget) {
    boolean down = from instanceof Value.Unbounded;
    boolean up = to instanceof Value.Unbounded;
    if (down && up) {
      // x = sinh u
      BigDecimal e = PreciseMath.ORDINARY.exp(node.u());
      BigDecimal inverse = BigDecimal.ONE.divide(e, PreciseMath.CONTEXT);
      BigDecimal x = e.subtract(inverse).divide(TWO);
      return new Place(
          Value.of(x), e.add(inverse).divide(TWO).multiply(node.du(), PreciseMath.CONTEXT));
    }
    if (down || up) {
      // x = a ± e^u
      BigDecimal e = PreciseMath.ORDINARY.exp(node.u());
      Value x = Value.add(up ? from : to, Value.of(up ? e : e.negate()), budget);
      return new Place(x, e.multiply(node.du(), PreciseMath.CONTEXT));
    }
    // x = (a + b)/2 + (b − a)/2 · tanh u, computed from the nearer end to avoid cancelling
    Complex a = Value.complex(from);
    Complex b = Value.complex(to);
    BigDecimal width = b.re().subtract(a.re());
    BigDecimal e = PreciseMath.ORDINARY.exp(node.u().abs().multiply(TWO));
    BigDecimal share = BigDecimal.ONE.divide(e.add(BigDecimal.ONE), PreciseMath.CONTEXT);
    BigDecimal offset = width.multiply(share, PreciseMath.CONTEXT);
    BigDecimal x = node.u().signum() < 0 ? a.re().add(offset) : b.re().subtract(offset);
    BigDecimal weight =
        width
            .multiply(TWO)
            .multiply(share.multiply(BigDecimal.ONE.subtract(share), PreciseMath.CONTEXT))
            .multiply(node.du(), PreciseMath.CONTEXT);
    return new Place(Value.of(x), weight);
  }

  /** A point of the rule: u = π/2 sinh t and its derivative, at t = k / 2^level. */
  private record Node(BigDecimal u, BigDecimal du) {
    private static final double REACH = 4.4;

    static List<Node> ofLevel(int level) {
      List<Node> nodes = new ArrayList<>();
      int last = (int) (REACH * (1 << level));
      BigDecimal half = PreciseMath.ORDINARY.pi().divide(TWO, PreciseMath.CONTEXT);
      for (int k = -last; k <= last; k++) {
        BigDecimal t = BigDecimal.valueOf(k).divide(BigDecimal.valueOf(1 << level));
        BigDecimal e = PreciseMath.ORDINARY.exp(t);
        BigDecimal inverse = BigDecimal.ONE.divide(e, PreciseMath.CONTEXT);
        BigDecimal sinh = e.subtract(inverse).divide(TWO);
        BigDecimal cosh = e.add(inverse).divide(TWO);
        nodes.add(
            new Node(
                half.multiply(sinh, PreciseMath.CONTEXT),
                half.multiply(cosh, PreciseMath.CONTEXT)));
      }
      return nodes;
    }
  }
}
