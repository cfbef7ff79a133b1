package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.text.jinja.Expression.CallArguments;

/** Computes the values of expressions, each step charged to the budget. */
final class Evaluator {
  private final Budget budget;

  Evaluator(Budget budget) {
    this.budget = budget;
  }

  Object evaluate(Expression expression, Scope scope) {
    int line = expression.line();
    budget.step(line);
    budget.descend(line);
    Object value = compute(expression, scope, line);
    budget.ascend();
    return value;
  }

  private Object compute(Expression expression, Scope scope, int line) {
    if (expression instanceof Expression.Constant constant) {
      return constant.value();
    } else if (expression instanceof Expression.Name name) {
      return scope.find(name.name()).orElseGet(() -> new Undefined("'" + name.name() + "'"));
    } else if (expression instanceof Expression.Attribute attribute) {
      return attribute(evaluate(attribute.target(), scope), attribute.name(), line);
    } else if (expression instanceof Expression.Item item) {
      return item(evaluate(item.target(), scope), evaluate(item.key(), scope), line);
    } else if (expression instanceof Expression.Slice slice) {
      return Values.slice(
          evaluate(slice.target(), scope),
          optional(slice.start(), scope),
          optional(slice.stop(), scope),
          optional(slice.step(), scope),
          budget,
          line);
    } else if (expression instanceof Expression.Call call) {
      return call(evaluate(call.target(), scope), arguments(call.arguments(), scope, line), line);
    } else if (expression instanceof Expression.Filter filter) {
      return filter(evaluate(filter.target().orElseThrow(), scope), filter, scope);
    } else if (expression instanceof Expression.Test test) {
      return test(test, scope);
    } else if (expression instanceof Expression.Unary unary) {
      return unary(unary.operator(), evaluate(unary.operand(), scope), line);
    } else if (expression instanceof Expression.Binary binary) {
      return binary(binary, scope);
    } else if (expression instanceof Expression.Comparison comparison) {
      return comparison(comparison, scope);
    } else if (expression instanceof Expression.Conditional conditional) {
      return Values.isTrue(evaluate(conditional.condition(), scope))
          ? evaluate(conditional.then(), scope)
          : conditional
              .otherwise()
              .map(e -> evaluate(e, scope))
              .orElse(new Undefined("the untaken branch"));
    } else if (expression instanceof Expression.Sequence sequence) {
      List<Object> items = new ArrayList<>();
      budget.items(1, line);
      sequence.items().forEach(item -> items.add(evaluate(item, scope)));
      return sequence.tuple() ? new Tuple(items) : items;
    }
    Expression.Dict dict = (Expression.Dict) expression;
    Map<Object, Object> entries = new LinkedHashMap<>();
    budget.items(2 + dict.keys().size(), line);
    for (int i = 0; i < dict.keys().size(); i++) {
      Object key = Values.key(evaluate(dict.keys().get(i), scope), line);
      entries.put(key, evaluate(dict.values().get(i), scope));
    }
    return entries;
  }

  private Object optional(Optional<Expression> expression, Scope scope) {
    return expression.map(e -> evaluate(e, scope)).orElse(None.NONE);
  }

  /** {@code target.name}: a method first, then a key, as Jinja2 looks. */
  private Object attribute(Object target, String name, int line) {
    if (target instanceof Undefined undefined) {
      throw undefined.error(line);
    }
    Optional<? extends Object> found = Optional.empty();
    if (target instanceof Loop loop) {
      found = loop.attribute(name);
    } else if (target instanceof Namespace namespace) {
      return namespace.get(name);
    } else if (target instanceof String text) {
      found = StringMethods.find(text, name);
    } else if (target instanceof Map<?, ?> dict) {
      found = DictMethods.find(dict, name);
      return found.isPresent() ? found.get() : Values.item(target, name, line);
    } else if (target instanceof List<?> list) {
      found = DictMethods.find(list, name);
    }
    return found.isPresent()
        ? found.get()
        : new Undefined("'%s' of a value of type %s".formatted(name, Values.typeName(target)));
  }

  /** {@code target[key]}: a key or index first, then a method of that name. */
  private Object item(Object target, Object key, int line) {
    Object value =
        target instanceof Loop || target instanceof Namespace
            ? new Undefined("")
            : Values.item(target, key, line);
    return value instanceof Undefined && key instanceof String name
        ? attributeOr(value, target, name, line)
        : value;
  }

  private Object attributeOr(Object fallback, Object target, String name, int line) {
    return target instanceof Map
        ? DictMethods.find((Map<?, ?>) target, name).<Object>map(m -> m).orElse(fallback)
        : attribute(target, name, line);
  }

  private Object call(Object target, Arguments arguments, int line) {
    if (target instanceof Callable callable) {
      return callable.call(arguments);
    }
    if (target instanceof Undefined undefined) {
      throw undefined.error(line);
    }
    throw new JinjaException(
        "A value of type %s cannot be called".formatted(Values.typeName(target)), line);
  }

  Arguments arguments(CallArguments written, Scope scope, int line) {
    List<Object> positional = new ArrayList<>();
    written.positional().forEach(argument -> positional.add(evaluate(argument, scope)));
    written
        .spread()
        .ifPresent(s -> positional.addAll(Values.iterate(evaluate(s, scope), budget, line)));
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < written.names().size(); i++) {
      named.put(written.names().get(i), evaluate(written.named().get(i), scope));
    }
    written
        .namedSpread()
        .ifPresent(
            spread -> {
              if (!(evaluate(spread, scope) instanceof Map<?, ?> dict)) {
                throw new JinjaException("Only a dict can follow ** in a call", line);
              }
              dict.forEach((key, value) -> named.put(Values.text(key), value));
            });
    return new Arguments(positional, named, budget, line);
  }

  Object filter(Object value, Expression.Filter filter, Scope scope) {
    Filters.Filter found =
        Filters.find(filter.name())
            .orElseThrow(
                () ->
                    new JinjaException(
                        "No filter named '%s'".formatted(filter.name()), filter.line()));
    return found.apply(value, arguments(filter.arguments(), scope, filter.line()));
  }

  private Object test(Expression.Test test, Scope scope) {
    ValueTests.ValueTest found =
        ValueTests.find(test.name())
            .orElseThrow(
                () -> new JinjaException("No test named '%s'".formatted(test.name()), test.line()));
    return found.holds(
        evaluate(test.target(), scope), arguments(test.arguments(), scope, test.line()));
  }

  private Object unary(String operator, Object value, int line) {
    return switch (operator) {
      case "not" -> !Values.isTrue(value);
      case "-" -> Arithmetic.apply("*", numeric(value, line), -1L, budget, line);
      default -> Arithmetic.apply("*", numeric(value, line), 1L, budget, line);
    };
  }

  private static Object numeric(Object value, int line) {
    if (value instanceof Undefined undefined) {
      throw undefined.error(line);
    }
    if (!Values.isNumber(value)) {
      throw new JinjaException("A sign needs a number, not " + Values.typeName(value), line);
    }
    return value;
  }

  private Object binary(Expression.Binary binary, Scope scope) {
    Object left = evaluate(binary.left(), scope);
    return switch (binary.operator()) {
      case "and" -> Values.isTrue(left) ? evaluate(binary.right(), scope) : left;
      case "or" -> Values.isTrue(left) ? left : evaluate(binary.right(), scope);
      case "~" -> {
        String first = Values.text(left);
        String second = Values.text(evaluate(binary.right(), scope));
        budget.allocate((long) first.length() + second.length(), binary.line());
        yield first + second;
      }
      default ->
          Arithmetic.apply(
              binary.operator(), left, evaluate(binary.right(), scope), budget, binary.line());
    };
  }

  private Object comparison(Expression.Comparison comparison, Scope scope) {
    Object left = evaluate(comparison.first(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = evaluate(comparison.rest().get(i), scope);
      if (!compares(comparison.operators().get(i), left, right, comparison.line())) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private boolean compares(String operator, Object left, Object right, int line) {
    return switch (operator) {
      case "==" -> Values.equal(left, right, budget, line);
      case "!=" -> !Values.equal(left, right, budget, line);
      case "in" -> Values.contains(right, left, budget, line);
      case "not in" -> !Values.contains(right, left, budget, line);
      case "<" -> Values.compare(left, right, budget, line) < 0;
      case "<=" -> Values.compare(left, right, budget, line) <= 0;
      case ">" -> Values.compare(left, right, budget, line) > 0;
      default -> Values.compare(left, right, budget, line) >= 0;
    };
  }
}
