package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.sparklora.text.jinja.Expression.CallArguments;
import org.sparklora.text.jinja.Token.Kind;

/**
 * Parses expressions by recursive descent, loosest binding first: conditional, or, and, not,
 * comparison, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, sign, postfix, filter and test.
 * This is Jinja2's order, in which {@code -x|abs} filters {@code -x}.
 */
final class ExpressionParser {
  static final Map<String, Object> CONSTANTS =
      Map.of(
          "true", true, "True", true, "false", false, "False", false, "none", None.NONE, "None",
          None.NONE);

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_TEST_ARGUMENT =
      Set.of("else", "or", "and", "if", "in", "not", "is", "recursive");

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  Expression expression() {
    return conditional();
  }

  /** One expression, or several with commas between them, which make a tuple. */
  Expression tuple() {
    return tuple(true);
  }

  /** As {@link #tuple}, but an {@code if} belongs to the for statement around it. */
  Expression tupleWithoutConditional() {
    return tuple(false);
  }

  private Expression tuple(boolean withConditional) {
    int line = tokens.peek().line();
    List<Expression> items = new ArrayList<>();
    boolean tuple = false;
    do {
      if (endsTuple()) {
        break;
      }
      items.add(withConditional ? conditional() : or());
    } while (tokens.skipOperator(",") && (tuple = true));
    if (items.isEmpty()) {
      throw new JinjaException(line, "Expected an expression, found " + tokens.peek().described());
    }
    return tuple ? new Expression.Sequence(items, true, line) : items.get(0);
  }

  private boolean endsTuple() {
    Token token = tokens.peek();
    return token.kind() == Kind.VARIABLE_END
        || token.kind() == Kind.BLOCK_END
        || token.isOperator(")");
  }

  /** The filters after a {@code |} that was just read, or those of a filter block. */
  List<Expression.Filter> filters() {
    List<Expression.Filter> filters = new ArrayList<>();
    do {
      filters.add(filter(Optional.empty()));
    } while (tokens.skipOperator("|"));
    return filters;
  }

  private Expression conditional() {
    tokens.descend();
    Expression expression = or();
    while (tokens.peek().isName("if")) {
      int line = tokens.next().line();
      Expression condition = or();
      Optional<Expression> otherwise =
          tokens.skipName("else") ? Optional.of(conditional()) : Optional.empty();
      expression = new Expression.Conditional(condition, expression, otherwise, line);
    }
    tokens.ascend();
    return expression;
  }

  private Expression or() {
    return operations(Set.of("or"), this::and);
  }

  private Expression and() {
    return operations(Set.of("and"), this::not);
  }

  /** Operands with operators of one rank between them, the first of which is computed first. */
  private Expression operations(Set<String> operators, Supplier<Expression> operand) {
    Expression left = operand.get();
    while (isOneOf(operators)) {
      Token operator = tokens.next();
      left = new Expression.Binary(operator.text(), left, operand.get(), operator.line());
    }
    return left;
  }

  private boolean isOneOf(Set<String> operators) {
    Token token = tokens.peek();
    return (token.kind() == Kind.OPERATOR || token.kind() == Kind.NAME)
        && operators.contains(token.text());
  }

  private Expression not() {
    if (!tokens.peek().isName("not")) {
      return comparison();
    }
    int line = tokens.next().line();
    tokens.descend();
    Expression operand = not();
    tokens.ascend();
    return new Expression.Unary("not", operand, line);
  }

  private Expression comparison() {
    Expression first = sum();
    int line = tokens.peek().line();
    List<String> operators = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (isOneOf(COMPARISONS)) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty()
            ? first
            : new Expression.Comparison(first, operators, rest, line);
      }
      rest.add(sum());
    }
  }

  private Expression sum() {
    return operations(Set.of("+", "-"), this::concatenation);
  }

  private Expression concatenation() {
    return operations(Set.of("~"), this::product);
  }

  private Expression product() {
    return operations(Set.of("*", "/", "//", "%"), this::power);
  }

  private Expression power() {
    return operations(Set.of("**"), () -> unary(true));
  }

  private Expression unary(boolean withFilters) {
    tokens.descend();
    Token token = tokens.peek();
    Expression node;
    if (token.isOperator("-") || token.isOperator("+")) {
      tokens.next();
      node = new Expression.Unary(token.text(), unary(false), token.line());
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
              ? new Expression.Constant(CONSTANTS.get(token.text()), line)
              : new Expression.Name(token.text(), line);
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Expression.Constant(text.toString(), line);
      }
      case INTEGER -> new Expression.Constant(integer(token), line);
      case FLOAT -> new Expression.Constant(Double.valueOf(token.text()), line);
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parenthesised(line);
            case "[" -> list(line);
            case "{" -> dict(line);
            default -> throw unexpected(token);
          };
      default -> throw unexpected(token);
    };
  }

  private static JinjaException unexpected(Token token) {
    return new JinjaException(token.line(), "Unexpected " + token.described());
  }

  private static Long integer(Token token) {
    String text = token.text();
    try {
      if (text.length() > 1 && text.charAt(0) == '0' && Character.isLetter(text.charAt(1))) {
        int radix =
            switch (Character.toLowerCase(text.charAt(1))) {
              case 'x' -> 16;
              case 'o' -> 8;
              default -> 2;
            };
        return Long.valueOf(text.substring(2), radix);
      }
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw new JinjaException(token.line(), "The number %s is beyond 64 bits", text);
    }
  }

  private Expression parenthesised(int line) {
    if (tokens.skipOperator(")")) {
      return new Expression.Sequence(List.of(), true, line);
    }
    Expression inner = tuple();
    tokens.expectOperator(")");
    return inner;
  }

  /** Reads items with commas between them, and maybe after the last, up to a closing bracket. */
  private void commaSeparated(String closing, Runnable item) {
    boolean more = true;
    while (!tokens.skipOperator(closing)) {
      if (!more) {
        tokens.expectOperator(closing);
      }
      item.run();
      more = tokens.skipOperator(",");
    }
  }

  private Expression list(int line) {
    List<Expression> items = new ArrayList<>();
    commaSeparated("]", () -> items.add(expression()));
    return new Expression.Sequence(items, false, line);
  }

  private Expression dict(int line) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    commaSeparated(
        "}",
        () -> {
          keys.add(expression());
          tokens.expectOperator(":");
          values.add(expression());
        });
    return new Expression.Dict(keys, values, line);
  }

  private Expression postfix(Expression node) {
    while (true) {
      Token token = tokens.peek();
      if (tokens.skipOperator(".")) {
        node = attribute(node);
      } else if (tokens.skipOperator("[")) {
        node = subscript(node, token.line());
      } else if (token.isOperator("(")) {
        node = new Expression.Call(node, arguments(), token.line());
      } else {
        return node;
      }
    }
  }

  private Expression attribute(Expression node) {
    Token name = tokens.next();
    return switch (name.kind()) {
      case NAME -> new Expression.Attribute(node, name.text(), name.line());
      case INTEGER ->
          new Expression.Item(
              node, new Expression.Constant(integer(name), name.line()), name.line());
      default ->
          throw new JinjaException(
              name.line(), "Expected a name after '.', found " + name.described());
    };
  }

  private Expression subscript(Expression node, int line) {
    Optional<Expression> start =
        tokens.peek().isOperator(":") ? Optional.empty() : Optional.of(expression());
    if (!tokens.skipOperator(":")) {
      tokens.expectOperator("]");
      return new Expression.Item(node, start.orElseThrow(), line);
    }
    Optional<Expression> stop = sliceBound();
    Optional<Expression> step = tokens.skipOperator(":") ? sliceBound() : Optional.empty();
    tokens.expectOperator("]");
    return new Expression.Slice(node, start, stop, step, line);
  }

  private Optional<Expression> sliceBound() {
    Token token = tokens.peek();
    return token.isOperator(":") || token.isOperator("]")
        ? Optional.empty()
        : Optional.of(expression());
  }

  private CallArguments arguments() {
    tokens.expectOperator("(");
    CallArguments arguments = CallArguments.none();
    commaSeparated(")", () -> argument(arguments));
    return arguments;
  }

  private void argument(CallArguments arguments) {
    if (tokens.skipOperator("*")) {
      arguments.spread().add(expression());
    } else if (tokens.skipOperator("**")) {
      arguments.namedSpread().add(expression());
    } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
      arguments.names().add(tokens.next().text());
      tokens.next();
      arguments.named().add(expression());
    } else if (arguments.names().isEmpty()) {
      arguments.positional().add(expression());
    } else {
      throw new JinjaException(tokens.peek().line(), "A positional argument follows a named one");
    }
  }

  private Expression filtersAndTests(Expression node) {
    while (true) {
      Token token = tokens.peek();
      if (tokens.skipOperator("|")) {
        node = filter(Optional.of(node));
      } else if (tokens.skipName("is")) {
        node = test(node, token.line());
      } else if (token.isOperator("(")) {
        node = new Expression.Call(node, arguments(), token.line());
      } else {
        return node;
      }
    }
  }

  private Expression.Filter filter(Optional<Expression> target) {
    Token name = tokens.expect(Kind.NAME);
    CallArguments arguments = tokens.peek().isOperator("(") ? arguments() : CallArguments.none();
    return new Expression.Filter(target, name.text(), arguments, name.line());
  }

  private Expression test(Expression node, int line) {
    boolean negated = tokens.skipName("not");
    String name = tokens.expect(Kind.NAME).text();
    CallArguments arguments = CallArguments.none();
    Token token = tokens.peek();
    if (token.isOperator("(")) {
      arguments = arguments();
    } else if (beginsTestArgument(token)) {
      arguments.positional().add(postfix(primary()));
    }
    Expression test = new Expression.Test(node, name, arguments, line);
    return negated ? new Expression.Unary("not", test, line) : test;
  }

  private static boolean beginsTestArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      default -> false;
    };
  }
}
