package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What has a value. Every node knows its line, for errors. */
sealed interface Expression {
  int line();

  record Constant(Object value, int line) implements Expression {}

  record Name(String name, int line) implements Expression {}

  /** A list {@code [a, b]} or, with {@code tuple}, {@code (a, b)}. */
  record Sequence(List<Expression> items, boolean tuple, int line) implements Expression {}

  record Dict(List<Expression> keys, List<Expression> values, int line) implements Expression {}

  record Attribute(Expression target, String name, int line) implements Expression {}

  record Item(Expression target, Expression key, int line) implements Expression {}

  record Slice(
      Expression target,
      Optional<Expression> start,
      Optional<Expression> stop,
      Optional<Expression> step,
      int line)
      implements Expression {}

  record Call(Expression target, CallArguments arguments, int line) implements Expression {}

  record Filter(Optional<Expression> target, String name, CallArguments arguments, int line)
      implements Expression {}

  record Test(Expression target, String name, CallArguments arguments, int line)
      implements Expression {}

  record Unary(String operator, Expression operand, int line) implements Expression {}

  /** An arithmetic operator, {@code ~}, {@code and} or {@code or}. */
  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {}

  /** {@code first op rest[0] op rest[1] …}, each pair compared as in Python. */
  record Comparison(Expression first, List<String> operators, List<Expression> rest, int line)
      implements Expression {}

  record Conditional(
      Expression condition, Expression then, Optional<Expression> otherwise, int line)
      implements Expression {}

  /** What stands between the parentheses of a call, a filter or a test. */
  record CallArguments(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      List<Expression> spread,
      List<Expression> namedSpread) {
    /** None yet. */
    static CallArguments none() {
      return new CallArguments(
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>());
    }
  }
}
