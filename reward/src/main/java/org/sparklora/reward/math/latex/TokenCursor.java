package org.sparklora.reward.math.latex;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.latex.LatexLexer.Token;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * A position in a list of tokens, to which parsers can backtrack. Caches the result of each rule at
 * each position, so that trying several readings of nested brackets stays linear.
 */
final class TokenCursor {
  private final List<Token> tokens;
  private final AlgebraLimit budget;
  private final boolean strict;
  private final Map<Long, Object> remembered = new HashMap<>();
  private int at;
  private int depth;
  private int wraps;

  /**
   * @param strict whether tokens that Math-Verify ignores or reads in its own way are an error
   */
  TokenCursor(List<Token> tokens, boolean strict, AlgebraLimit budget) {
    this.tokens = tokens;
    this.strict = strict;
    this.budget = budget;
  }

  AlgebraLimit budget() {
    return budget;
  }

  boolean isStrict() {
    return strict;
  }

  /** Fails, if strict, on tokens that Math-Verify ignores or reads unlike a book. */
  void refuseIfStrict(String what) {
    if (strict) {
      throw ParseFailure.meaningless(what);
    }
  }

  Kind kind() {
    return tokens.get(at).kind();
  }

  Kind kindAfter(int offset) {
    return tokens.get(Math.max(0, Math.min(at + offset, tokens.size() - 1))).kind();
  }

  boolean is(Kind kind) {
    return kind() == kind;
  }

  Token next() {
    budget.step();
    Token token = tokens.get(at);
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  /** Skips the next token if it is of this kind. */
  boolean skip(Kind kind) {
    if (is(kind)) {
      next();
      return true;
    }
    return false;
  }

  Token expect(Kind kind) {
    if (!is(kind)) {
      throw new ParseFailure("expected " + kind + " but found '" + tokens.get(at).text() + "'");
    }
    return next();
  }

  int mark() {
    return at;
  }

  /** The text from a mark to the position, without the spaces between tokens. */
  String textFrom(int mark) {
    return tokensFrom(mark).stream().map(Token::text).collect(Collectors.joining());
  }

  List<Token> tokensFrom(int mark) {
    return tokens.subList(mark, at);
  }

  /** Tries a reading; if it fails, restores the position; rethrows if the text is meaningless. */
  <T> Optional<T> attempt(Supplier<T> reading) {
    int start = at;
    int startWraps = wraps;
    try {
      return Optional.of(reading.get());
    } catch (ParseFailure failure) {
      if (failure.isMeaningless()) {
        throw failure;
      }
      at = start;
      wraps = startWraps;
      return Optional.empty();
    }
  }

  /** Applies a rule once per position, then its cached result; {@code rule} includes its mode. */
  @SuppressWarnings("unchecked")
  <T> T remember(int rule, Supplier<T> reading) {
    long key = (long) at << 8 | rule;
    Object known = remembered.get(key);
    if (known instanceof ParseFailure failure) {
      throw failure;
    }
    if (known instanceof Remembered<?> result) {
      at = result.end();
      return (T) result.value();
    }
    try {
      T value = nested(reading);
      remembered.put(key, new Remembered<>(value, at));
      return value;
    } catch (ParseFailure failure) {
      remembered.put(key, failure);
      throw failure;
    }
  }

  /** Applies a rule that may contain itself, at most {@link AlgebraLimit#MAX_DEPTH} deep. */
  <T> T nested(Supplier<T> reading) {
    if (++depth > AlgebraLimit.MAX_DEPTH) {
      throw new AlgebraLimit.Exceeded("nested deeper than " + AlgebraLimit.MAX_DEPTH);
    }
    try {
      return reading.get();
    } finally {
      depth--;
    }
  }

  /**
   * Counts an operator around a term already read, as in {@code 3!!!}: such terms nest without
   * brackets. A text may have at most {@link AlgebraLimit#MAX_DEPTH} of them.
   */
  void wrap() {
    if (++wraps > AlgebraLimit.MAX_DEPTH) {
      throw new AlgebraLimit.Exceeded(
          "more than " + AlgebraLimit.MAX_DEPTH + " operators on one another");
    }
  }

  private record Remembered<T>(T value, int end) {}
}
