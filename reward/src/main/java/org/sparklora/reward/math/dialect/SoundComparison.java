package org.sparklora.reward.math.dialect;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.ExprPrinter;
import org.sparklora.reward.math.algebra.RealSets;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.dialect.SoundText.Cleaned;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Whether two answers mean the same to a person. Compares every reading of one with every reading
 * of the other; has none of Math-Verify's false positives.
 */
final class SoundComparison {
  /** Rounding makes nothing equal: {@link MathEquivalence} has its own rule for decimals. */
  private static final VerifyConfig CONFIG = new VerifyConfig(30, false);

  private final SoundReadings readings;
  private final MathEquivalence equivalence;
  private final AlgebraLimit budget;

  SoundComparison(AlgebraLimit budget) {
    this.readings = new SoundReadings(budget);
    this.equivalence = new MathEquivalence(CONFIG, budget);
    this.budget = budget;
  }

  boolean same(String gold, String answer) {
    budget.checkLength(gold);
    budget.checkLength(answer);
    String goldWords = SoundText.words(gold);
    String answerWords = SoundText.words(answer);
    Optional<Boolean> sameTime = SoundText.sameTime(goldWords, answerWords);
    if (sameTime.isPresent()) {
      return sameTime.get();
    }
    Optional<String> amount = AnswerUnit.converted(gold);
    if (amount.isPresent()
        && AnswerUnit.converted(answer).filter(other -> same(amount.get(), other)).isPresent()) {
      return true;
    }
    if (SoundText.isUndefined(gold) || SoundText.isUndefined(answer)) {
      return SoundText.isUndefined(gold) && SoundText.isUndefined(answer);
    }
    Optional<Matcher> labelled = SoundText.labelled(gold);
    Optional<Matcher> chosenValue = SoundText.labelled(answer);
    if (labelled.isPresent()) {
      return same(labelled.get().group(1), answer)
          || chosenValue.isEmpty() && same(labelled.get().group(2), answer);
    }
    if (isChoice(gold)) {
      return sameChoice(goldWords, answer);
    }
    if (chosenValue.isPresent()) {
      return same(gold, chosenValue.get().group(2));
    }
    ParameterRange range = ParameterRange.of(gold, budget);
    ParameterRange answerRange = ParameterRange.of(answer, budget);
    if (range.isStated() || answerRange.isStated()) {
      return range.allows(answerRange) && same(range.term(), answerRange.renamedTo(range));
    }
    Optional<String> letters = SoundText.choices(gold);
    boolean statements = letters.filter(list -> list.matches("[1-9]+")).isPresent();
    String signs = statements ? answer.replaceAll("(?<![0-9(])([1-9])(?![0-9)])", "($1)") : answer;
    Optional<String> chosen = letters.flatMap(any -> SoundText.choices(signs));
    // Letters side by side may be an order: BDAC is not ABCD.
    if (statements
        || chosen.isPresent() && (letters.equals(chosen) || goldWords.matches("[a-h]{3,}"))) {
      return letters.equals(chosen);
    }
    // A solution 1,6 lists two numbers, while an answer 1,6 may also be 1.6.
    Cleaned a = SoundText.clean(gold.replaceAll("^\\s*(-?[1-9][0-9]*),([0-9])\\s*$", "$1, $2"));
    Cleaned b = SoundText.clean(answer);
    if (a.modulus().isPresent() && !a.modulus().equals(b.modulus())) {
      return false;
    }
    if (a.base().isPresent() && b.base().isPresent()) {
      return a.base().equals(b.base()) && inBase(a).equals(inBase(b));
    }
    if (a.base().isPresent() && a.latex().matches(".*[A-F].*")) {
      return answerWords.equalsIgnoreCase(a.latex()) || answerWords.equals(goldWords);
    }
    if (b.base().isPresent()) {
      return inBase(b)
          .filter(number -> readings.of(a).stream().anyMatch(g -> same(g, number)))
          .isPresent();
    }
    List<String> parts = SoundText.parts(a.latex());
    List<String> other = SoundText.parts(b.latex());
    if (!parts.isEmpty() || !other.isEmpty()) {
      return parts.size() == other.size()
          && IntStream.range(0, parts.size()).allMatch(i -> same(parts.get(i), other.get(i)));
    }
    if (inDifferentUnits(gold, answer)) {
      return false;
    }
    if (b.modulus().isPresent()) {
      return sameResidues(a, b);
    }
    if (sameReadings(a, b)) {
      return true;
    }
    // Braces distinguish 9/(4π) from (9/4)π, so unreadable mathematics is compared with braces.
    boolean mathematics = a.latex().matches("(?s).*\\\\(?!text|mathrm|mbox|mathbf|textbf|[ ,;]).*");
    return !a.latex().isEmpty()
            && a.latex().replace(" ", "").equals(b.latex().replace(" ", ""))
            && readings.of(a).isEmpty()
        || !mathematics && sameWords(goldWords, answerWords);
  }

  /** Converts a number in another base: 204 in base 5 is 54. */
  private static Optional<Expr> inBase(Cleaned cleaned) {
    try {
      int radix = Integer.parseInt(cleaned.base().orElseThrow());
      return Optional.of(Num.of(Rational.of(new BigInteger(cleaned.latex(), radix))));
    } catch (NumberFormatException noDigitsOfTheBase) {
      return Optional.empty();
    }
  }

  private static boolean inDifferentUnits(String gold, String answer) {
    Optional<String> unit = AnswerUnit.canonical(SoundLatex.of(gold));
    Optional<String> other = AnswerUnit.canonical(SoundLatex.of(answer));
    return unit.isPresent() && other.isPresent() && !AnswerUnit.agree(unit.get(), other.get());
  }

  private static boolean isChoice(String gold) {
    String text =
        gold.replaceAll("\\\\(?:text|textbf|mathrm|mathbf|boldsymbol)", "")
            .replaceAll("[{}$ ]", "");
    return text.matches("\\(?[A-H]\\)?");
  }

  private static boolean sameChoice(String goldWords, String answer) {
    String letter = goldWords.replaceAll("[()]", "");
    // A lower-case e is a number, an upper-case E a choice.
    return !answer.strip().equals("e")
        && SoundText.choice(answer).filter(letter::equals).isPresent();
  }

  private static boolean sameWords(String gold, String answer) {
    // June 20 has a word, while 2ab is a term.
    boolean digits = gold.matches(".*[0-9].*");
    boolean spoken =
        gold.matches(digits ? "(?s).*\\p{L}{3}.*" : "(?s).*(?:\\p{L}{2}|\\p{IsHan}).*");
    if (!spoken || gold.matches(digits ? ".*[=<>^_/].*" : ".*[=<>^_].*")) {
      return false;
    }
    boolean yesOrNo = gold.matches("yes|no|true|false");
    return SoundText.bare(gold).equals(SoundText.bare(answer))
        || yesOrNo && answer.matches(gold + "[,.! ].*");
  }

  private boolean sameReadings(Cleaned a, Cleaned b) {
    return anyReadings(
        a,
        b,
        (written, given) -> {
          Expr values = SoundReadings.values(given);
          boolean named = SoundReadings.values(written) != written;
          Expr answer = named || SoundReadings.isPoint(written) ? given : values;
          Expr gold = isUnnamed(answer) ? withoutNames(written) : written;
          // In (1, 2) the order counts, in x=1, x=2 it does not.
          boolean sets =
              a.braced() && SoundReadings.isPoint(answer)
                  || SoundReadings.isPoint(gold) && (b.braced() || b.or() || values != given);
          return !sets && samePercent(gold, a.percent(), answer, b.percent());
        });
  }

  private boolean anyReadings(Cleaned a, Cleaned b, BiPredicate<Expr, Expr> same) {
    List<Expr> golds = readings.of(a);
    List<Expr> answers = golds.isEmpty() ? List.of() : readings.of(b);
    // An answer X = 5 may give the x of the solution.
    boolean exact =
        Stream.concat(golds.stream(), answers.stream()).anyMatch(SoundReadings::mixesCases);
    UnaryOperator<Expr> names = exact ? UnaryOperator.identity() : SoundReadings::inLowerCase;
    return golds.stream()
        .map(names)
        .anyMatch(gold -> answers.stream().map(names).anyMatch(answer -> same.test(gold, answer)));
  }

  /** Whether it is a list without equations, such as (1, 2). */
  private static boolean isUnnamed(Expr answer) {
    return (answer instanceof FiniteSet || SoundReadings.isPoint(answer))
        && answer.children().stream().noneMatch(Relations::isRelation);
  }

  /** The pair of {@code (x,y)=(1,2)} and {@code x=1, y=2}; roots x_1 and x_2 have no order. */
  private static Expr withoutNames(Expr gold) {
    if (gold instanceof Relation relation && relation.left() instanceof Tuple) {
      return relation.right();
    }
    if (!(gold instanceof FiniteSet)
        || !gold.children().stream().allMatch(Relations::isAssignment)) {
      return SoundReadings.values(gold);
    }
    List<String> names =
        gold.children().stream()
            .map(e -> ExprPrinter.print(Relations.first(e).left()).replaceAll("_.*", ""))
            .toList();
    return names.equals(names.stream().distinct().sorted().toList())
        ? new Tuple(gold.children().stream().map(e -> Relations.last(e).right()).toList())
        : gold;
  }

  /** Compares residues: 17 mod 5 equals 2 mod 5, and 2 if the solution has no modulus. */
  private boolean sameResidues(Cleaned a, Cleaned b) {
    String modulus = b.modulus().orElseThrow();
    if (!modulus.matches("[1-9][0-9]{0,17}")) {
      return sameReadings(a, b);
    }
    Rational m = Rational.of(Long.parseLong(modulus));
    UnaryOperator<Expr> known = gold -> a.modulus().isPresent() ? residues(gold, m) : gold;
    return anyReadings(a, b, (gold, answer) -> same(known.apply(gold), residues(answer, m)));
  }

  private static Expr residues(Expr expr, Rational modulus) {
    return Substitution.everywhere(
        expr,
        node ->
            node instanceof Num num && num.isInteger()
                ? Num.of(num.value().modulo(modulus))
                : node);
  }

  /** "28" and "0.28" both answer "28 %"; 125 % does not answer 12.5 %. */
  private boolean samePercent(Expr gold, boolean goldPercent, Expr answer, boolean answerPercent) {
    if (goldPercent == answerPercent) {
      return same(gold, answer);
    }
    Expr scaledGold = goldPercent ? hundredth(gold) : gold;
    Expr scaledAnswer = answerPercent ? hundredth(answer) : answer;
    return same(gold, answer) || same(scaledGold, scaledAnswer);
  }

  private static Expr hundredth(Expr value) {
    Rational hundredth = Rational.of(1, 100);
    return value instanceof Expr.Num num
        ? new Expr.Num(num.value().times(hundredth), num.decimal(), num.digits())
        : Expr.times(value, Expr.Num.of(hundredth));
  }

  private boolean same(Expr gold, Expr answer) {
    return Value.optional(() -> compare(gold, answer)).orElse(false);
  }

  private boolean compare(Expr solution, Expr prediction) {
    // A vector may be written as a column or as a point.
    Expr gold = SoundReadings.isPoint(prediction) ? SoundReadings.point(solution) : solution;
    Expr answer = SoundReadings.isPoint(solution) ? SoundReadings.point(prediction) : prediction;
    if (SoundReadings.isPoint(gold) || isPair(gold)) {
      return sameTuple(gold, answer);
    }
    Optional<Boolean> functions = sameFunctions(gold, answer);
    if (functions.isPresent()) {
      return functions.get();
    }
    if (SoundReadings.isInequality(gold)
        && (answer instanceof FiniteSet || answer instanceof Tuple)) {
      return false;
    }
    if (gold instanceof FiniteSet set && SoundReadings.isPoint(answer)) {
      return !equivalence.repeats(answer.children())
          && equivalence.same(set, new FiniteSet(answer.children()));
    }
    if (gold instanceof FiniteSet set && namesAndValues(set, answer)
        || answer instanceof FiniteSet given && namesAndValues(given, gold)) {
      return true;
    }
    return equivalence.same(gold, answer)
        || gold instanceof Chain
            && answer instanceof Chain chain
            && equivalence.same(gold, reversed(chain))
        || sameSolutions(gold, answer);
  }

  private static boolean isPair(Expr expr) {
    return expr instanceof FiniteSet set
        && set.elements().size() > 1
        && set.elements().stream().allMatch(Tuple.class::isInstance);
  }

  /** The order counts in a tuple; braces around an answer make it irrelevant. */
  private boolean sameTuple(Expr gold, Expr answer) {
    if (SoundReadings.isPoint(gold) && answer instanceof FiniteSet set) {
      return !set.repeating()
          && equivalence.same(new Tuple(gold.children()), new Tuple(set.elements()));
    }
    return equivalence.same(gold, answer) || sameSolutions(gold, answer);
  }

  /** f(t) = t + 1 and y = x + 1 define the same function as f(x) = x + 1. */
  private Optional<Boolean> sameFunctions(Expr gold, Expr answer) {
    if (!(gold instanceof Relation a)
        || !(a.left() instanceof Apply f)
        || a.op() != Relation.Op.EQ
        || f.args().size() != 1
        || !(f.args().get(0) instanceof Symbol variable)
        || !(answer instanceof Relation b)
        || b.op() != Relation.Op.EQ) {
      return Optional.empty();
    }
    if (b.left() instanceof Apply g
        && g.args().size() == 1
        && g.args().get(0) instanceof Symbol other) {
      Expr renamed = Substitution.replace(b.right(), other, variable);
      return Optional.of(equivalence.same(a.right(), renamed));
    }
    return b.left() instanceof Symbol
        ? Optional.of(equivalence.same(a.right(), b.right()))
        : Optional.empty();
  }

  /** Compares {@code p=5, q=2} with {@code (p,q)=(5,2)}. */
  private boolean namesAndValues(FiniteSet gold, Expr answer) {
    if (!(answer instanceof Relation relation) || !(relation.left() instanceof Tuple names)) {
      return false;
    }
    List<Expr> values =
        relation.right() instanceof Interval i ? i.children() : relation.right().children();
    if (values.size() != names.elements().size()) {
      return false;
    }
    List<Expr> equations = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      equations.add(new Relation(Relation.Op.EQ, names.elements().get(i), values.get(i)));
    }
    return equivalence.same(gold, new FiniteSet(equations));
  }

  private static Chain reversed(Chain chain) {
    List<Relation> links = new ArrayList<>();
    chain.links().forEach(link -> links.add(0, link.reversed()));
    return new Chain(List.copyOf(links));
  }

  /** Compares statements and sets by the numbers that they admit. */
  private boolean sameSolutions(Expr gold, Expr answer) {
    Optional<Expr> a = asSet(gold);
    // x² > 4 restates a question, unless its solution is such a statement too.
    boolean restates = SoundReadings.isUnsolved(answer) && !SoundReadings.isUnsolved(gold);
    Optional<Expr> b = restates ? Optional.empty() : asSet(answer);
    boolean statements =
        SoundReadings.isInequality(gold)
            || SoundReadings.isInequality(answer)
            || isMembership(gold)
            || isMembership(answer);
    boolean sameVariable =
        !SoundReadings.isInequality(gold)
            || !SoundReadings.isInequality(answer)
            || Expr.freeSymbols(gold).equals(Expr.freeSymbols(answer));
    return a.isPresent()
        && b.isPresent()
        && sameVariable
        && (statements
            || a.get() instanceof SetOperation
            || b.get() instanceof SetOperation
            || a.get() == NamedSet.REALS)
        && RealSets.equal(a.get(), b.get(), budget).orElse(false);
  }

  private static boolean isMembership(Expr expr) {
    return expr instanceof Relation relation && relation.right().isCollection();
  }

  private Optional<Expr> asSet(Expr expr) {
    if (isMembership(expr)) {
      return Optional.of(((Relation) expr).right());
    }
    if (SoundReadings.isInequality(expr)) {
      return RealSets.solutions(expr, budget);
    }
    return expr.isCollection() ? Optional.of(expr) : Optional.empty();
  }
}
