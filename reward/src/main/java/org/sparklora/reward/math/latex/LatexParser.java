package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Reads a whole answer in LaTeX: a term, a relation, a list, a set, an interval, a tuple, or a
 * relation with one of these on its right. Takes the first of several readings that fits the whole
 * text: {@code x=1,2} is x = {1, 2}, {@code x=1,y=2} are two equations, {@code (0,1)} is an
 * interval.
 *
 * <p>Thread-safe: each call makes a parser; the caller's budget belongs to one thread.
 */
public final class LatexParser {
  private static final Pattern GROUPED_NUMBER =
      Pattern.compile("\\s*-?\\d{1,3}(,\\d{3})+(\\.\\d+)?\\s*");

  private static final int ELEMENT = 10;
  private static final int ELEMENT_WITHOUT_RELATION = 11;
  private static final int SET_ATOM = 12;
  private static final int SET_TERM = 13;

  private final TokenCursor in;
  private final TermParser terms;
  private final boolean real;

  private LatexParser(TokenCursor in, boolean real) {
    this.in = in;
    this.terms = new TermParser(in, real);
    this.real = real;
  }

  /** Throws {@link ParseFailure} for no expression, {@link AlgebraLimit.Exceeded} for a big one. */
  public static Expr parse(String text, boolean real, AlgebraLimit budget) {
    TokenCursor cursor = new TokenCursor(LatexLexer.tokens(text, budget), false, budget);
    return new LatexParser(cursor, real).answer(text);
  }

  /**
   * Reads the text as a book would mean it. Where {@link #parse} ignores something, such as a
   * subscript of a number, or has a reading of its own, such as {@code (2)(3)} as 5, this fails or
   * takes the usual meaning.
   */
  public static Expr parseStrictly(String text, AlgebraLimit budget) {
    LatexLexer.requireKnown(text);
    TokenCursor cursor = new TokenCursor(LatexLexer.tokens(text, budget), true, budget);
    return new LatexParser(cursor, true).answer(text);
  }

  private Expr answer(String text) {
    // "1,234" is a number, "1,22" a list: digits must have exactly the shape of groups.
    return in.attempt(() -> whole(this::nameEqualsElements))
        .or(
            () ->
                in.attempt(() -> whole(() -> collect(elements(false))))
                    .map(set -> GROUPED_NUMBER.matcher(text).matches() ? groupedNumber(text) : set))
        .orElseGet(() -> whole(this::setRelation));
  }

  private Expr whole(java.util.function.Supplier<Expr> rule) {
    Expr value = rule.get();
    in.expect(END);
    return value;
  }

  private static Expr groupedNumber(String text) {
    String digits = text.strip();
    boolean minus = digits.startsWith("-");
    digits = minus ? digits.substring(1) : digits;
    if (!digits.startsWith("0")) {
      Expr.Num number = OperandParser.number(digits.replace(",", ""));
      return minus ? number.negate() : number;
    }
    // A leading zero makes the comma a decimal comma; Math-Verify cannot read more than one point,
    // or a sign before it.
    String decimal = digits.replace(",", ".");
    if (minus || decimal.indexOf('.') != decimal.lastIndexOf('.')) {
      throw ParseFailure.meaningless("grouped digits that begin with a zero");
    }
    return OperandParser.number(decimal);
  }

  private Expr nameEqualsElements() {
    Expr left = names();
    if (!in.skip(IN)) {
      in.expect(ASSIGNMENT);
    }
    return new Relation(Relation.Op.EQ, left, collect(elements(true)));
  }

  private Expr names() {
    if (!in.skip(L_PAREN)) {
      return terms.name();
    }
    List<Expr> list = new ArrayList<>();
    do {
      list.add(terms.name());
    } while (in.skip(COMMA));
    in.expect(R_PAREN);
    return list.size() == 1 ? list.get(0) : new Tuple(List.copyOf(list));
  }

  /** Lists separated by semicolons, each of elements separated by commas. */
  private List<List<Expr>> elements(boolean withoutRelations) {
    List<List<Expr>> lists = new ArrayList<>();
    do {
      List<Expr> list = new ArrayList<>();
      do {
        list.addAll(element(withoutRelations));
      } while (in.skip(COMMA));
      lists.add(list);
    } while (in.skip(SEMICOLON));
    return lists;
  }

  private static Expr collect(List<List<Expr>> lists) {
    if (lists.size() == 1) {
      return lists.get(0).size() == 1 ? lists.get(0).get(0) : new FiniteSet(lists.get(0));
    }
    if (lists.stream().allMatch(list -> list.size() == 1)) {
      return new FiniteSet(lists.stream().map(list -> list.get(0)).toList());
    }
    return new FiniteSet(lists.stream().<Expr>map(list -> new Tuple(List.copyOf(list))).toList());
  }

  /** Reads one element; a {@code ±} makes two elements. */
  private List<Expr> element(boolean withoutRelations) {
    int rule = withoutRelations ? ELEMENT_WITHOUT_RELATION : ELEMENT;
    return in.remember(
        rule,
        () ->
            in.attempt(this::plusMinus)
                .or(() -> in.<List<Expr>>attempt(() -> List.of(atEndOfElement(setAtom()))))
                .orElseGet(() -> List.of(withoutRelations ? terms.term() : relation())));
  }

  private List<Expr> plusMinus() {
    if (in.skip(PLUS_MINUS)) {
      Expr value = terms.term();
      return List.of(Expr.negate(value), value);
    }
    Expr left = terms.term();
    in.expect(PLUS_MINUS);
    Expr right = terms.term();
    return List.of(
        new Expr.Add(List.of(left, right)), new Expr.Add(List.of(left, Expr.negate(right))));
  }

  private Expr atEndOfElement(Expr set) {
    return switch (in.kind()) {
      case COMMA, SEMICOLON, END -> set;
      case R_PAREN, R_PAREN_VISUAL, R_BRACKET, R_BRACE, R_BRACE_VISUAL, R_BRACE_CMD -> set;
      default -> throw new ParseFailure("not a set by itself");
    };
  }

  private Expr relation() {
    Expr left = terms.term();
    while (true) {
      Kind kind = in.kind();
      switch (kind) {
        case IN -> throw new ParseFailure("membership inside a list");
        case APPROX -> {
          in.next();
          Expr right = terms.term();
          left = Relations.isNamesOnly(left) ? right : left;
        }
        case ASSIGNMENT, EQUAL, UNEQUAL, LT, LTE, GT, GTE -> {
          in.next();
          left = link(left, operator(kind), terms.term());
        }
        default -> {
          return left;
        }
      }
    }
  }

  private static Relation.Op operator(Kind kind) {
    return switch (kind) {
      case LT -> Relation.Op.LT;
      case LTE -> Relation.Op.LE;
      case GT -> Relation.Op.GT;
      case GTE -> Relation.Op.GE;
      case UNEQUAL -> Relation.Op.NE;
      default -> Relation.Op.EQ;
    };
  }

  /** Extends {@code a < b} by {@code < c} to a chain of two links. */
  private static Expr link(Expr left, Relation.Op op, Expr right) {
    if (!(left instanceof Chain) && !(left instanceof Relation)) {
      return new Relation(op, left, right);
    }
    List<Relation> links = new ArrayList<>(Relations.links(left));
    links.add(new Relation(op, Relations.last(left).right(), right));
    return new Chain(List.copyOf(links));
  }

  private Expr setRelation() {
    Expr statement = setStatement();
    if (in.is(SUBSET) || in.is(SUPSET)) {
      throw ParseFailure.meaningless("an inclusion, which is compared as a text");
    }
    return statement;
  }

  private Expr setStatement() {
    return in.attempt(
            () -> {
              Expr left = names();
              Kind kind = in.next().kind();
              if (kind != IN && kind != NOTIN && kind != ASSIGNMENT) {
                throw new ParseFailure("not a statement about a set");
              }
              Expr statement = new Relation(Relation.Op.EQ, left, setRelation());
              return kind == NOTIN ? new Expr.Not(statement) : statement;
            })
        .orElseGet(this::difference);
  }

  private Expr difference() {
    return in.remember(SET_TERM, () -> operation(SET_MINUS, SetOperation.Op.MINUS));
  }

  private Expr operation(Kind sign, SetOperation.Op op) {
    Expr left = operand(op);
    while (in.skip(sign)) {
      in.wrap();
      Expr right = operand(op);
      boolean tuples = op != SetOperation.Op.MINUS;
      left = new SetOperation(op, tuples ? asSet(left) : left, tuples ? asSet(right) : right);
    }
    return left;
  }

  private Expr operand(SetOperation.Op op) {
    return switch (op) {
      case MINUS -> operation(UNION, SetOperation.Op.UNION);
      case UNION -> operation(INTERSECTION, SetOperation.Op.INTERSECTION);
      case INTERSECTION -> setGroup();
    };
  }

  private static Expr asSet(Expr expr) {
    return expr instanceof Tuple tuple ? new FiniteSet(tuple.elements()) : expr;
  }

  private Expr setGroup() {
    return in.attempt(
            () -> {
              in.expect(L_PAREN);
              Expr inside = difference();
              in.expect(R_PAREN);
              return inside;
            })
        .orElseGet(this::setAtom);
  }

  private Expr setAtom() {
    return in.remember(
        SET_ATOM,
        () ->
            switch (in.kind()) {
              case L_PAREN -> in.attempt(this::interval).orElseGet(() -> tuple(R_PAREN));
              case L_PAREN_VISUAL ->
                  in.attempt(this::interval).orElseGet(() -> tuple(R_PAREN_VISUAL));
              case L_BRACKET -> in.attempt(this::interval).orElseGet(() -> tuple(R_BRACKET));
              case L_BRACK, L_GROUP -> interval();
              case SET_NAME -> namedSet(in.next().text());
              case SET_EMPTY -> {
                in.next();
                yield NamedSet.EMPTY;
              }
              case L_BRACE -> finiteSet(L_BRACE, R_BRACE, false);
              case L_BRACE_VISUAL -> finiteSet(L_BRACE_VISUAL, R_BRACE_VISUAL, false);
              case BOXED -> {
                in.next();
                yield finiteSet(L_BRACE, R_BRACE, true);
              }
              default -> throw new ParseFailure("expected a set");
            });
  }

  private static Expr namedSet(String text) {
    return switch (text) {
      case "\\mathbb{N}", "ℕ" -> NamedSet.NATURALS;
      case "\\mathbb{Z}", "ℤ" -> NamedSet.INTEGERS;
      case "\\mathbb{Q}", "ℚ" -> NamedSet.RATIONALS;
      case "\\mathbb{R}", "ℝ" -> NamedSet.REALS;
      default -> NamedSet.COMPLEXES;
    };
  }

  /** Ends in brackets: an interval, or a pair if (a, b) or [a, b] would be empty. */
  private Expr interval() {
    Kind open = in.next().kind();
    Expr left = terms.term();
    in.expect(COMMA);
    Expr right = terms.term();
    Kind close = in.next().kind();
    boolean rightOpen =
        switch (close) {
          case R_PAREN, R_PAREN_VISUAL, R_GROUP -> true;
          case R_BRACKET, R_BRACK -> false;
          default -> throw new ParseFailure("expected the end of an interval");
        };
    boolean leftOpen = open == L_PAREN || open == L_PAREN_VISUAL || open == L_GROUP;
    // Ends that cannot be compared are in order.
    int order = Evaluator.compare(right, left, in.budget()).orElse(1);
    boolean closed = !leftOpen && !rightOpen;
    if (leftOpen && rightOpen && order <= 0 || closed && order < 0) {
      return new Tuple(List.of(left, right));
    }
    if (isNotReal(left) || isNotReal(right)) {
      throw ParseFailure.meaningless("an interval with an end that is not real");
    }
    if (closed && order == 0) {
      return new FiniteSet(List.of(left));
    }
    if (order <= 0) {
      in.refuseIfStrict("an interval that ends before it begins");
      return NamedSet.EMPTY;
    }
    // An infinite end is open, whatever its bracket.
    boolean below = left.equals(new Expr.Infinite(-1));
    boolean above = right.equals(new Expr.Infinite(1));
    return new Expr.Interval(left, right, leftOpen || below, rightOpen || above);
  }

  private boolean isNotReal(Expr end) {
    return end instanceof Expr.Symbol && !real
        || end == Expr.Constant.I
        || end instanceof Expr.Undefined;
  }

  private Expr tuple(Kind close) {
    in.next();
    List<Expr> elements = elements(false).stream().flatMap(List::stream).toList();
    in.expect(close);
    return elements.size() == 1 ? elements.get(0) : new Tuple(elements);
  }

  private Expr finiteSet(Kind open, Kind close, boolean boxed) {
    in.expect(open);
    if (close == R_BRACE && !boxed && in.skip(close)) {
      return NamedSet.EMPTY;
    }
    List<List<Expr>> lists = elements(false);
    in.expect(close);
    return boxed ? collect(lists) : new FiniteSet(lists.stream().flatMap(List::stream).toList());
  }
}
