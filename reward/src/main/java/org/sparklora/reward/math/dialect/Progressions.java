package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.dialect.SoundText.Cleaned;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Value;

/**
 * Compares arithmetic progressions: for all integers, {@code n=4k+1} is {@code 4m-3} and {@code n
 * \equiv 1 \pmod 4}.
 *
 * <p>An instance serves one verdict on one thread.
 */
record Progressions(SoundReadings readings, MathEquivalence equivalence, AlgebraLimit budget) {
  /** An equation for a letter by one that commonly is any integer. */
  private static final Pattern OF_INTEGERS =
      Pattern.compile("[\\s$]*[a-zA-Z]\\s*=[^=]*[jklmn][^=]*");

  private static final BigDecimal TINY = new BigDecimal("1e-30");

  /** The largest factor between two steps. */
  private static final int MOST_PARTS = 60;

  /** The values {@code start + step · k}, perhaps with the name that an equation gives them. */
  private record Progression(Optional<Expr> name, Expr start, Expr step) {}

  /**
   * Whether both have the same values. If neither states that its parameter is an integer, only the
   * letter of the parameter may differ. An answer alone cannot make an integer of the x of y = 2x.
   */
  boolean same(ParameterRange gold, ParameterRange answer) {
    boolean certain =
        gold.isStated() || Stream.of(gold, answer).anyMatch(r -> hasModulus(r.term()));
    boolean integers = certain || answer.isStated();
    boolean possible =
        Stream.of(gold, answer)
            .allMatch(
                r ->
                    r.isStated()
                        ? r.set().equals("Z")
                        : certain || OF_INTEGERS.matcher(r.term()).matches());
    return possible
        && Value.optional(() -> same(of(gold, certain), of(answer, certain), integers))
            .orElse(false);
  }

  private boolean same(List<Progression> gold, List<Progression> answer, boolean integers) {
    return sameOneByOne(gold, new ArrayList<>(answer), integers)
        || integers && !gold.isEmpty() && !answer.isEmpty() && sameInParts(gold, answer);
  }

  /** Compares 2k with 4k, 4k + 2: divides all of them into ones of a common step. */
  private boolean sameInParts(List<Progression> gold, List<Progression> answer) {
    Expr unit = gold.get(0).step();
    List<Expr> ratios =
        Stream.concat(gold.stream(), answer.stream())
            .map(progression -> Expr.divide(progression.step(), unit))
            .toList();
    OptionalInt below =
        IntStream.rangeClosed(1, MOST_PARTS)
            .filter(q -> ratios.stream().allMatch(r -> whole(Expr.times(r, Num.of(q))) != 0))
            .findFirst();
    if (below.isEmpty()) {
      return false;
    }
    List<Integer> steps =
        ratios.stream().map(r -> whole(Expr.times(r, Num.of(below.getAsInt())))).toList();
    OptionalInt common =
        IntStream.rangeClosed(1, MOST_PARTS)
            .filter(step -> steps.stream().allMatch(part -> step % part == 0))
            .findFirst();
    return common.isPresent()
        && sameOneByOne(
            divided(gold, steps, common.getAsInt()),
            divided(answer, steps.subList(gold.size(), steps.size()), common.getAsInt()),
            true);
  }

  private static List<Progression> divided(List<Progression> list, List<Integer> steps, int step) {
    List<Progression> parts = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      Progression whole = list.get(i);
      int count = step / steps.get(i);
      for (int j = 0; j < count; j++) {
        Expr start = new Expr.Add(List.of(whole.start(), Expr.times(Num.of(j), whole.step())));
        parts.add(new Progression(whole.name(), start, Expr.times(Num.of(count), whole.step())));
      }
    }
    return parts;
  }

  /** The absolute value of a small whole number; 0 for another one. */
  private int whole(Expr constant) {
    Value value = Evaluator.constant(constant, budget);
    BigDecimal size = Value.complex(value).re().abs();
    boolean small = isWhole(value) && size.compareTo(BigDecimal.valueOf(MOST_PARTS)) <= 0;
    return small ? size.setScale(0, RoundingMode.HALF_EVEN).intValueExact() : 0;
  }

  private static boolean hasModulus(String term) {
    return (term.contains("mod") || term.contains("mid"))
        && SoundText.clean(term).modulus().isPresent();
  }

  private boolean sameOneByOne(List<Progression> gold, List<Progression> left, boolean integers) {
    return !gold.isEmpty()
        && gold.size() == left.size()
        && gold.stream()
            .allMatch(
                a ->
                    left.stream()
                        .filter(b -> same(a, b, integers))
                        .findFirst()
                        .filter(b -> left.remove(b))
                        .isPresent());
  }

  private boolean same(Progression a, Progression b, boolean integers) {
    if (a.name().isPresent() && b.name().isPresent() && !a.name().equals(b.name())) {
      return false;
    }
    boolean sameStep = equivalence.same(a.step(), b.step());
    if (!integers) {
      return sameStep && equivalence.same(a.start(), b.start());
    }
    Expr offset = Expr.divide(Expr.minus(b.start(), a.start()), a.step());
    return (sameStep || equivalence.same(a.step(), Expr.negate(b.step())))
        && isWhole(Evaluator.constant(offset, budget));
  }

  private static boolean isWhole(Value value) {
    BigDecimal nearest = Value.complex(value).re().setScale(0, RoundingMode.HALF_EVEN);
    return Closeness.within(value, Value.of(nearest), TINY);
  }

  /**
   * The progressions of a list; none if a part of it is no progression, or if it has several names:
   * {@code x=3t, y=2t} are pairs.
   *
   * @param certain whether any letter is an integer, not only the usual ones
   */
  private List<Progression> of(ParameterRange range, boolean certain) {
    Cleaned cleaned = SoundText.clean(range.term());
    List<Progression> found = new ArrayList<>();
    List<Expr> read = readings.of(cleaned).stream().limit(1).toList();
    boolean list = !read.isEmpty() && read.get(0) instanceof FiniteSet;
    List<Expr> parts = list ? read.get(0).children() : read;
    for (Expr part : parts) {
      boolean named = Relations.isAssignment(part);
      Optional<Expr> name = named ? Optional.of(Relations.first(part).left()) : Optional.empty();
      Expr side = named ? Relations.last(part).right() : part;
      for (Expr term : side instanceof FiniteSet ? side.children() : List.of(side)) {
        List<Progression> values =
            cleaned
                .modulus()
                .map(modulus -> residue(name, term, modulus))
                .orElseGet(() -> ofParameter(name, term, range.name()));
        if (values.isEmpty() || !certain && !range.isStated() && !hasUsualParameter(term)) {
          return new ArrayList<>();
        }
        found.addAll(values);
      }
    }
    boolean alike = found.stream().map(Progression::name).distinct().count() == 1;
    return alike ? found : new ArrayList<>();
  }

  private static boolean hasUsualParameter(Expr term) {
    return Expr.freeSymbols(term).stream().allMatch(symbol -> symbol.name().matches("[jklmn]"));
  }

  private static List<Progression> residue(Optional<Expr> name, Expr term, String modulus) {
    return modulus.matches("[1-9][0-9]{0,17}") && Expr.freeSymbols(term).isEmpty()
        ? List.of(new Progression(name, term, Num.of(Long.parseLong(modulus))))
        : List.of();
  }

  /** The values of a linear term; with a factor (−1)^k, those of even and those of odd k. */
  private List<Progression> ofParameter(Optional<Expr> name, Expr term, String parameter) {
    Set<Symbol> free = Expr.freeSymbols(term);
    if (free.size() != 1 || term.isCollection() || Relations.isRelation(term)) {
      return List.of();
    }
    Symbol k = free.iterator().next();
    // f(k) = k + 1 and a_k = 2k + 1 are functions of k.
    if (name.isPresent()
            && !(name.get() instanceof Symbol symbol
                && !symbol.name().replaceFirst("^[^_]*", "").contains(k.name()))
        || !parameter.isEmpty() && !parameter.equals(k.name())) {
      return List.of();
    }
    if (!term.contains(node -> isSign(node, k))) {
      return linear(name, term, k).stream().toList();
    }
    Optional<Progression> even = linear(name, ofParity(term, k, 0), k);
    Optional<Progression> odd = linear(name, ofParity(term, k, 1), k);
    return even.isPresent() && odd.isPresent() ? List.of(even.get(), odd.get()) : List.of();
  }

  /** Whether the node is a power of −1 that alternates with k, or is the same for all k. */
  private boolean isSign(Expr node, Symbol k) {
    return node instanceof Expr.Pow power
        && power.base().equals(Num.of(-1))
        && power.exponent().dependsOn(k)
        && linear(Optional.empty(), power.exponent(), k)
            .filter(line -> isWhole(Evaluator.constant(line.start(), budget)))
            .filter(line -> isWhole(Evaluator.constant(line.step(), budget)))
            .isPresent();
  }

  /** The term for 2k + parity. */
  private Expr ofParity(Expr term, Symbol k, int parity) {
    Expr signed =
        Substitution.everywhere(
            term, node -> isSign(node, k) ? Substitution.replace(node, k, Num.of(parity)) : node);
    Expr twice = new Expr.Add(List.of(Expr.times(Num.of(2), k), Num.of(parity)));
    return Substitution.replace(signed, k, twice);
  }

  private Optional<Progression> linear(Optional<Expr> name, Expr term, Symbol k) {
    Expr start = Substitution.replace(term, k, Num.of(0));
    Expr step = Expr.minus(Substitution.replace(term, k, Num.of(1)), start);
    Expr line = new Expr.Add(List.of(start, Expr.times(step, k)));
    return equivalence.same(term, line)
        ? Optional.of(new Progression(name, start, step))
        : Optional.empty();
  }
}
