package org.sparklora.text.jinja;

import static org.sparklora.text.jinja.Expression.at;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.sparklora.text.jinja.Expression.CallArguments;
import org.sparklora.text.jinja.Token.Kind;
import org.sparklora.text.jinja.value.Attributes;
import org.sparklora.text.jinja.value.Filters;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.None;
import org.sparklora.text.jinja.value.Operators;
import org.sparklora.text.jinja.value.Undefined;
import org.sparklora.text.jinja.value.ValueTests;
import org.sparklora.text.jinja.value.Values;

/**
 * Parses expressions by recursive descent, loosest binding first: conditional, or, and, not,
 * comparison, {@code + -}, {@code ~}, {@code * / // %}, sign, postfix, filter and test. This is
 * Jinja2's order, in which {@code -x|abs} filters {@code -x}.
 */
record ExpressionParser(TokenStream tokens) {
  static final Map<String, Object> CONSTANTS =
      Map.of(
          "true", true, "True", true, "false", false, "False", false, "none", None.NONE, "None",
          None.NONE);

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=", "in");
  private static final List<Set<String>> ARITHMETIC =
      List.of(Set.of("+", "-"), Set.of("~"), Set.of("*", "/", "//", "%"));
  private static final Set<String> NO_TEST_ARGUMENT =
      Set.of("else", "or", "and", "if", "in", "not", "is");

  private static final Expression NO_BOUND = scope -> None.NONE;

  /** Parses one expression, or several with commas between them as a tuple. */
  Expression tuple() {
    return tuple(this::expression);
  }

  /** Like {@link #tuple}, but leaves an {@code if} to the enclosing for statement. */
  Expression tupleWithoutConditional() {
    return tuple(this::or);
  }

  private Expression tuple(Supplier<Expression> item) {
    int line = tokens.peek().line();
    List<Expression> items = new ArrayList<>();
    boolean tuple = false;
    do {
      if (endsTuple()) {
        break;
      }
      items.add(item.get());
    } while (tokens.skip(",") && (tuple = true));
    if (items.isEmpty()) {
      throw new JinjaException(line, "Expected an expression, found " + tokens.peek().described());
    }
    return tuple ? Expression.sequence(line, items, true) : items.get(0);
  }

  private boolean endsTuple() {
    Token token = tokens.peek();
    return token.kind() == Kind.VARIABLE_END || token.kind() == Kind.BLOCK_END || token.is(")");
  }

  /** Parses the filters after a {@code |} that was just read, or of a filter block. */
  BiFunction<Object, Scope, Object> filters() {
    BiFunction<Object, Scope, Object> first = filter();
    if (!tokens.skip("|")) {
      return first;
    }
    BiFunction<Object, Scope, Object> rest = filters();
    return (value, scope) -> rest.apply(first.apply(value, scope), scope);
  }

  Expression expression() {
    tokens.descend();
    Expression expression = or();
    while (tokens.peek().is("if")) {
      int line = tokens.next().line();
      Expression then = expression;
      Expression condition = or();
      Expression otherwise =
          tokens.skip("else") ? expression() : scope -> new Undefined("the untaken branch");
      expression =
          at(
              line,
              scope ->
                  (Values.isTrue(condition.evaluate(scope)) ? then : otherwise).evaluate(scope));
    }
    tokens.ascend();
    return expression;
  }

  private Expression or() {
    return operations(Set.of("or"), () -> operations(Set.of("and"), this::not));
  }

  /** Parses left-associative operators of one precedence. */
  private Expression operations(Set<String> operators, Supplier<Expression> operand) {
    Expression left = operand.get();
    while (tokens.peek().isOneOf(operators)) {
      left = Expression.binary(tokens.next(), left, operand.get());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.peek().is("not")) {
      return comparison();
    }
    int line = tokens.next().line();
    tokens.descend();
    Expression operand = not();
    tokens.ascend();
    return negated(line, operand);
  }

  private static Expression negated(int line, Expression operand) {
    return at(line, scope -> !Values.isTrue(operand.evaluate(scope)));
  }

  private Expression comparison() {
    Expression first = arithmetic(0);
    int line = tokens.peek().line();
    List<String> operators = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.isOneOf(COMPARISONS)) {
        operators.add(tokens.next().text());
      } else if (token.is("not") && tokens.peekSecond().is("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : Expression.comparison(line, first, operators, rest);
      }
      rest.add(arithmetic(0));
    }
  }

  /** Parses arithmetic from {@code level} on; a higher level binds closer. */
  private Expression arithmetic(int level) {
    return level == ARITHMETIC.size()
        ? unary(true)
        : operations(ARITHMETIC.get(level), () -> arithmetic(level + 1));
  }

  private Expression unary(boolean withFilters) {
    tokens.descend();
    Token token = tokens.peek();
    Expression node;
    if (token.is("-") || token.is("+")) {
      tokens.next();
      Expression operand = unary(false);
      node =
          at(
              token.line(),
              scope -> Operators.signed(token.text(), operand.evaluate(scope), scope.budget()));
    } else {
      node = primary();
    }
    node = postfix(node);
    if (withFilters) {
      node = filtersAndTests(node);
    }
    tokens.ascend();
    return node;
  }

  private Expression primary() {
    Token token = tokens.next();
    int line = token.line();
    return switch (token.kind()) {
      case NAME ->
          CONSTANTS.containsKey(token.text())
              ? constant(line, CONSTANTS.get(token.text()))
              : at(line, scope -> scope.get(token.text()));
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield constant(line, text.toString());
      }
      case INTEGER -> constant(line, token.integer());
      case FLOAT -> constant(line, Double.valueOf(token.text()));
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parenthesised(line);
            case "[" -> list(line);
            case "{" -> dict(line);
            default -> throw token.unexpected();
          };
      default -> throw token.unexpected();
    };
  }

  private static Expression constant(int line, Object value) {
    return at(line, scope -> value);
  }

  private Expression parenthesised(int line) {
    if (tokens.skip(")")) {
      return Expression.sequence(line, List.of(), true);
    }
    Expression inner = tuple();
    tokens.expect(")");
    return inner;
  }

  /** Reads items with commas between and optionally after them, up to a closing bracket. */
  private void commaSeparated(String closing, Runnable item) {
    boolean more = true;
    while (!tokens.skip(closing)) {
      if (!more) {
        tokens.expect(closing);
      }
      item.run();
      more = tokens.skip(",");
    }
  }

  private Expression list(int line) {
    List<Expression> items = new ArrayList<>();
    commaSeparated("]", () -> items.add(expression()));
    return Expression.sequence(line, items, false);
  }

  private Expression dict(int line) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    commaSeparated(
        "}",
        () -> {
          keys.add(expression());
          tokens.expect(":");
          values.add(expression());
        });
    return Expression.dict(line, keys, values);
  }

  private Expression postfix(Expression node) {
    while (true) {
      Token token = tokens.peek();
      if (tokens.skip(".")) {
        node = attribute(node);
      } else if (tokens.skip("[")) {
        node = subscript(node, token.line());
      } else if (token.is("(")) {
        node = new Expression.Call(token.line(), node, arguments());
      } else {
        return node;
      }
    }
  }

  private Expression attribute(Expression node) {
    Token name = tokens.next();
    return switch (name.kind()) {
      case NAME -> at(name.line(), s -> Attributes.of(node.evaluate(s), name.text(), s.budget()));
      case INTEGER -> item(name.line(), node, constant(name.line(), name.integer()));
      default ->
          throw new JinjaException(
              name.line(), "Expected a name after '.', found " + name.described());
    };
  }

  private static Expression item(int line, Expression node, Expression key) {
    return at(line, s -> Attributes.item(node.evaluate(s), key.evaluate(s), s.budget()));
  }

  private Expression subscript(Expression node, int line) {
    Expression start = sliceBound();
    if (!tokens.skip(":")) {
      if (start == NO_BOUND) {
        throw tokens.peek().unexpected();
      }
      tokens.expect("]");
      return item(line, node, start);
    }
    Expression stop = sliceBound();
    Expression step = tokens.skip(":") ? sliceBound() : NO_BOUND;
    tokens.expect("]");
    return at(
        line,
        scope ->
            Values.slice(
                node.evaluate(scope),
                start.evaluate(scope),
                stop.evaluate(scope),
                step.evaluate(scope),
                scope.budget()));
  }

  private Expression sliceBound() {
    Token token = tokens.peek();
    return token.is(":") || token.is("]") ? NO_BOUND : expression();
  }

  private CallArguments arguments() {
    tokens.expect("(");
    CallArguments arguments = new CallArguments();
    commaSeparated(")", () -> argument(arguments));
    return arguments;
  }

  private void argument(CallArguments arguments) {
    if (tokens.skip("*")) {
      arguments.spread().add(expression());
    } else if (tokens.skip("**")) {
      arguments.spreadNamed().add(expression());
    } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().is("=")) {
      String name = tokens.next().text();
      tokens.next();
      arguments.named().put(name, expression());
    } else if (arguments.named().isEmpty()) {
      arguments.positional().add(expression());
    } else {
      throw new JinjaException(tokens.peek().line(), "A positional argument follows a named one");
    }
  }

  private Expression filtersAndTests(Expression node) {
    while (true) {
      Token token = tokens.peek();
      if (tokens.skip("|")) {
        Expression value = node;
        int line = tokens.peek().line();
        BiFunction<Object, Scope, Object> filter = filter();
        node = at(line, scope -> filter.apply(value.evaluate(scope), scope));
      } else if (tokens.skip("is")) {
        node = test(node, token.line());
      } else if (token.is("(")) {
        node = new Expression.Call(token.line(), node, arguments());
      } else {
        return node;
      }
    }
  }

  private BiFunction<Object, Scope, Object> filter() {
    String name = tokens.expect(Kind.NAME).text();
    CallArguments arguments = tokens.peek().is("(") ? arguments() : new CallArguments();
    return (value, scope) -> Filters.named(name).apply(value, arguments.evaluate(scope));
  }

  private Expression test(Expression node, int line) {
    boolean negated = tokens.skip("not");
    String name = tokens.expect(Kind.NAME).text();
    Token token = tokens.peek();
    CallArguments arguments = token.is("(") ? arguments() : new CallArguments();
    if (!token.is("(") && beginsTestArgument(token)) {
      arguments.positional().add(postfix(primary()));
    }
    Expression test =
        at(
            line,
            scope -> ValueTests.named(name).test(node.evaluate(scope), arguments.evaluate(scope)));
    return negated ? negated(line, test) : test;
  }

  private static boolean beginsTestArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.is("[") || token.is("{");
      default -> false;
    };
  }
}
