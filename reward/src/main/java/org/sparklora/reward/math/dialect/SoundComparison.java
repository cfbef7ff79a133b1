package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.RealSets;
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
  private final Progressions progressions;
  private final Definitions definitions;
  private final MatrixNotation vectors;
  private final ArbitraryConstants constants;
  private final Cases cases;
  private final RepeatedElements repeated;
  private final AlgebraLimit budget;

  SoundComparison(AlgebraLimit budget) {
    this.readings = new SoundReadings(budget);
    this.equivalence = new MathEquivalence(CONFIG, budget);
    this.progressions = new Progressions(readings, equivalence, budget);
    this.definitions = new Definitions(equivalence);
    this.vectors = new MatrixNotation(equivalence);
    Identity identity = new Identity(CONFIG.floatZero(), budget);
    this.constants = new ArbitraryConstants(this::same, identity);
    this.cases = new Cases(this::same, readings, identity, budget);
    this.repeated = new RepeatedElements(readings, equivalence, budget);
    this.budget = budget;
  }

  boolean same(String gold, String answer) {
    budget.checkLength(gold);
    budget.checkLength(answer);
    String plainGold = SoundText.plain(gold, answer);
    String plainAnswer = AnswerWords.value(answer).orElseGet(() -> SoundText.plain(answer, gold));
    boolean rewritten = !plainGold.equals(gold) || !plainAnswer.equals(answer);
    if (rewritten && same(plainGold, plainAnswer)) {
      return true;
    }
    String goldWords = SoundText.words(gold);
    String answerWords = SoundText.words(answer);
    Optional<Boolean> sameDayOrSets =
        DateAndTime.same(goldWords, answerWords).or(() -> NamedSets.same(gold, answer, this::same));
    if (sameDayOrSets.isPresent()) {
      return sameDayOrSets.get();
    }
    Optional<String> amount = AnswerUnit.converted(gold);
    Optional<String> given =
        amount
            .filter(some -> AnswerUnit.haveOneName(gold, answer))
            .flatMap(some -> AnswerUnit.converted(answer));
    if (given.isPresent()) {
      boolean same = same(amount.get(), given.get());
      if (same || amount.get().contains("+")) { // without its units 2 h 30 min would be 30 h 2 min
        return same;
      }
    }
    if (SoundText.isUndefined(gold) || SoundText.isUndefined(answer)) {
      return SoundText.isUndefined(gold) && SoundText.isUndefined(answer);
    }
    Optional<Matcher> labelled = SoundText.labelled(gold);
    Optional<Matcher> chosenValue = SoundText.labelled(answer);
    if (labelled.isPresent()) {
      String value = labelled.get().group(2);
      String chosen = chosenValue.map(choice -> choice.group(2)).orElse(answer);
      boolean letter = same(labelled.get().group(1), answer);
      return chosenValue.isEmpty()
          ? letter || same(value, answer)
          : letter && (!Decimals.areNumbers(value, chosen) || same(value, chosen));
    }
    if (SoundText.isChoice(gold)) {
      // A lower-case e is a number, an upper-case E a choice.
      String letter = goldWords.replaceAll("[()]", "");
      return !answer.strip().equals("e")
          && SoundText.choice(answer).filter(letter::equals).isPresent();
    }
    if (chosenValue.isPresent()) {
      return same(gold, chosenValue.get().group(2));
    }
    StatedConstants stated = StatedConstants.of(gold, budget);
    StatedConstants others = StatedConstants.of(answer, budget);
    if (stated.areStated() || others.areStated()) {
      return same(stated.term(), others.term())
          || stated.areStated() && same(stated.marked(), others.term());
    }
    ParameterRange range = ParameterRange.of(gold, answer, budget);
    ParameterRange answerRange = ParameterRange.of(answer, gold, budget);
    if (range.isStated() || answerRange.isStated()) {
      return range.allows(answerRange)
              && (same(range.term(), answerRange.renamedTo(range))
                  || range.isConstant() && same(range.asConstant().marked(), answerRange.term())
                  || progressions.same(range, answerRange))
          || ParameterRange.counted(range, answerRange)
              .filter(terms -> same(terms.get(0), terms.get(1)))
              .isPresent();
    }
    Optional<String> letters = SoundText.choices(gold);
    boolean statements = letters.filter(list -> list.matches("[1-9]+")).isPresent();
    String signs = statements ? answer.replaceAll("(?<![0-9(])([1-9])(?![0-9)])", "($1)") : answer;
    Optional<String> chosen = letters.flatMap(any -> SoundText.choices(signs));
    // Letters side by side may be an order, unless one is left out: BDAC is not ABCD.
    boolean ordered =
        goldWords.matches("[a-h]{3,}")
            && ("abcdefgh".startsWith(goldWords) || answerWords.matches("[a-h]{3,}"));
    boolean sameSigns =
        ordered
            ? letters.equals(chosen)
            : chosen.filter(list -> SoundText.chooses(letters.get(), list)).isPresent();
    if (statements || sameSigns || chosen.isPresent() && ordered) {
      return sameSigns;
    }
    // A solution 1,6 lists two numbers, while an answer 1,6 may also be 1.6.
    Cleaned a = SoundText.clean(gold.replaceAll("^\\s*(-?[1-9][0-9]*),([0-9])\\s*$", "$1, $2"));
    Cleaned b = SoundText.clean(NamedSets.withLetterOf(gold, answer));
    if (a.modulus().isPresent() && !a.modulus().equals(b.modulus())) {
      return progressions.same(range, answerRange);
    }
    boolean oneName = AnswerUnit.haveOneName(gold, answer);
    if (a.base().isPresent() && b.base().isPresent()) {
      return a.base().equals(b.base()) && a.inBase().equals(b.inBase()) && oneName;
    }
    if (a.base().isPresent() && a.latex().matches(".*[A-F].*")) {
      return answerWords.equalsIgnoreCase(a.latex()) || answerWords.equals(goldWords);
    }
    if (b.base().isPresent()) {
      return b.inBase()
          .filter(number -> oneName && readings.of(a).stream().anyMatch(g -> same(g, number)))
          .isPresent();
    }
    Optional<Boolean> sameParts = cases.same(a, b);
    if (sameParts.isPresent()) {
      return sameParts.get();
    }
    Optional<Boolean> sameAngle =
        Angles.same(SoundLatex.of(gold), SoundLatex.of(answer), this::same);
    if (sameAngle.isPresent()) {
      return sameAngle.get();
    }
    if (AnswerUnit.differ(gold, answer)) {
      return false;
    }
    if (b.modulus().isPresent()) {
      return sameResidues(a, b) || progressions.same(range, answerRange);
    }
    Optional<Boolean> sameList = repeated.same(a, b);
    if (sameList.isPresent()) {
      return sameList.get();
    }
    if (sameReadings(a, b) || progressions.same(range, answerRange)) {
      return true;
    }
    // Braces distinguish 9/(4π) from (9/4)π, so unreadable mathematics is compared with braces.
    boolean mathematics = a.latex().matches("(?s).*\\\\(?!text|mathrm|mbox|mathbf|textbf|[ ,;]).*");
    return !a.latex().isEmpty()
            && a.latex().replace(" ", "").equals(b.latex().replace(" ", ""))
            && readings.of(a).isEmpty()
        || !mathematics && AnswerWords.same(goldWords, answerWords);
  }

  private boolean sameReadings(Cleaned a, Cleaned b) {
    return anyReadings(
        a,
        b,
        (written, indexed) -> {
          boolean named = SoundReadings.values(written) != written;
          Expr given = named ? NamedValues.withoutIndices(indexed, written) : indexed;
          Expr values = SoundReadings.values(given);
          boolean kept =
              named || SoundReadings.isPoint(written) || SoundReadings.areUnsolved(written);
          Expr answer = kept ? given : values;
          Expr gold =
              SoundReadings.isUnnamed(answer)
                  ? SoundReadings.withoutNames(
                      SoundReadings.isPoint(answer) ? NamedValues.ordered(written) : written)
                  : written;
          // In (1, 2) the order counts, in x=1, x=2 it does not.
          boolean list =
              a.braced() || written instanceof FiniteSet && (named || a.conjunction().hasOr());
          boolean sets =
              list && SoundReadings.isPoint(answer)
                  || SoundReadings.isPoint(gold)
                      && (b.braced() || b.conjunction().hasOr() || values != given);
          boolean otherWord =
              a.conjunction().contradicts(b.conjunction())
                      && gold instanceof FiniteSet
                      && (NamedValues.haveOwnNames(written)
                          || gold.children().stream().anyMatch(SoundReadings::isInequality))
                  // One of x = 2 or y = −1 is true.
                  || b.conjunction().hasOr()
                      && !a.conjunction().hasOr()
                      && NamedValues.haveOwnNames(indexed);
          boolean range =
              SoundReadings.isRange(a, written, given)
                  || SoundReadings.isRange(b, indexed, written);
          return !sets
              && !otherWord
              && !range
              && samePercent(gold, a.percent(), answer, b.percent());
        });
  }

  private boolean anyReadings(Cleaned a, Cleaned b, BiPredicate<Expr, Expr> same) {
    List<Expr> golds = readings.of(a);
    List<Expr> answers = golds.isEmpty() ? List.of() : readings.of(b);
    // C(3,1) and C(3,2) may be points, which are not counted, and a solution P(2,1) is no 2.
    boolean applied = !golds.isEmpty() && ofSeveral(golds.get(0));
    boolean both = applied && !answers.isEmpty() && ofSeveral(answers.get(0));
    boolean numbers = applied && golds.get(0).children().stream().allMatch(Num.class::isInstance);
    // An answer X = 5 may give the x of the solution.
    boolean exact =
        Stream.concat(golds.stream(), answers.stream()).anyMatch(SoundReadings::mixesCases);
    UnaryOperator<Expr> names = exact ? UnaryOperator.identity() : SoundReadings::inLowerCase;
    List<Expr> written = both || numbers ? golds.subList(0, 1) : golds;
    List<Expr> given = answers.stream().limit(both ? 1 : answers.size()).toList();
    return written.stream()
            .map(names)
            .anyMatch(gold -> given.stream().map(names).anyMatch(other -> same.test(gold, other)))
        || written.stream()
            .anyMatch(gold -> given.stream().anyMatch(other -> constants.same(gold, other)));
  }

  private static boolean ofSeveral(Expr expr) {
    return expr instanceof Apply named && named.args().size() > 1;
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

  private boolean compare(Expr written, Expr offered) {
    if (NamedValues.same(written, offered, equivalence)) {
      return true;
    }
    // A vector may be written as a column, as a point or with unit vectors.
    Expr solution = vectors.pointLike(offered, written);
    Expr prediction = Definitions.renamed(written, vectors.pointLike(written, offered));
    Expr gold = SoundReadings.isPoint(prediction) ? SoundReadings.point(solution) : solution;
    Expr answer = SoundReadings.isPoint(solution) ? SoundReadings.point(prediction) : prediction;
    if (SoundReadings.isPoint(gold) || isPair(gold)) {
      return sameTuple(gold, answer);
    }
    Optional<Boolean> functions = definitions.same(gold, answer);
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
    List<Expr> sides = SoundReadings.sidesOfLine(gold);
    if (!sides.isEmpty() && answer instanceof Chain other) {
      return equivalence.same(new FiniteSet(((Chain) gold).links()), new FiniteSet(other.links()))
          || equivalence.same(
              new FiniteSet(sides), new FiniteSet(SoundReadings.sidesOfLine(other)));
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
          && equivalence.same(
              new Tuple(gold.children()), new Tuple(NamedValues.ordered(set).children()));
    }
    // NamedValues has compared coordinates in the order of their names.
    boolean otherOrder = SoundReadings.isPoint(gold) && NamedValues.isPointOfNames(answer);
    return !otherOrder && (equivalence.same(gold, answer) || sameSolutions(gold, answer));
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
        !bounds(gold) || !bounds(answer) || Expr.freeSymbols(gold).equals(Expr.freeSymbols(answer));
    return a.isPresent()
        && b.isPresent()
        && sameVariable
        && (statements
            || a.get() instanceof SetOperation
            || b.get() instanceof SetOperation
            || a.get() == NamedSet.REALS)
        && RealSets.equal(a.get(), b.get(), budget).orElse(false);
  }

  private static boolean bounds(Expr expr) {
    return SoundReadings.isInequality(expr) || expr instanceof Expr.Not;
  }

  private static boolean isMembership(Expr expr) {
    return expr instanceof Relation relation && relation.right().isCollection();
  }

  private Optional<Expr> asSet(Expr expr) {
    if (expr instanceof Expr.Not outside && isMembership(outside.statement())) {
      Expr without = ((Relation) outside.statement()).right();
      return Optional.of(new SetOperation(SetOperation.Op.MINUS, NamedSet.REALS, without));
    }
    if (isMembership(expr)) {
      return Optional.of(((Relation) expr).right());
    }
    if (SoundReadings.isInequality(expr)) {
      return RealSets.solutions(expr, budget);
    }
    return expr.isCollection() ? Optional.of(expr) : Optional.empty();
  }
}
