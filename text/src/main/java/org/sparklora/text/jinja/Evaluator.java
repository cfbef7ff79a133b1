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
    try {
      budget.step();
      budget.descend();
      Object value = compute(expression, scope);
      budget.ascend();
      return value;
    } catch (JinjaException e) {
      throw e.at(expression.line());
    }
  }

  private Object compute(Expression expression, Scope scope) {
    if (expression instanceof Expression.Constant constant) {
      return constant.value();
    } else if (expression instanceof Expression.Name name) {
      return scope.find(name.name()).orElseGet(() -> new Undefined("'" + name.name() + "'"));
    } else if (expression instanceof Expression.Attribute attribute) {
      return attribute(evaluate(attribute.target(), scope), attribute.name());
    } else if (expression instanceof Expression.Item item) {
      return item(evaluate(item.target(), scope), evaluate(item.key(), scope));
    } else if (expression instanceof Expression.Slice slice) {
      return Values.slice(
          evaluate(slice.target(), scope),
          optional(slice.start(), scope),
          optional(slice.stop(), scope),
          optional(slice.step(), scope),
          budget);
    } else if (expression instanceof Expression.Call call) {
      return call(evaluate(call.target(), scope), arguments(call.arguments(), scope));
    } else if (expression instanceof Expression.Filter filter) {
      return filter(evaluate(filter.target().orElseThrow(), scope), filter, scope);
    } else if (expression instanceof Expression.Test test) {
      return test(test, scope);
    } else if (expression instanceof Expression.Unary unary) {
      return unary(unary.operator(), evaluate(unary.operand(), scope));
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
      budget.items(1);
      sequence.items().forEach(item -> items.add(evaluate(item, scope)));
      return sequence.tuple() ? new Tuple(items) : items;
    }
    Expression.Dict dict = (Expression.Dict) expression;
    Map<Object, Object> entries = new LinkedHashMap<>();
    budget.items(2 + dict.keys().size());
    for (int i = 0; i < dict.keys().size(); i++) {
      Object key = Values.key(evaluate(dict.keys().get(i), scope));
      entries.put(key, evaluate(dict.values().get(i), scope));
    }
    return entries;
  }

  private Object optional(Optional<Expression> expression, Scope scope) {
    return expression.map(e -> evaluate(e, scope)).orElse(None.NONE);
  }

  /** {@code target.name}: a method first, then a key, as Jinja2 looks. */
  private Object attribute(Object target, String name) {
    Values.defined(target);
    Optional<? extends Object> found = Optional.empty();
    if (target instanceof Loop loop) {
      found = loop.attribute(name);
    } else if (target instanceof Namespace namespace) {
      return namespace.get(name);
    } else if (target instanceof String text) {
      found = StringMethods.find(text, name);
    } else if (target instanceof Map<?, ?> dict) {
      found = DictMethods.find(dict, name);
      return found.isPresent() ? found.get() : Values.item(target, name);
    } else if (target instanceof List<?> list) {
      found = DictMethods.find(list, name);
    }
    return found.isPresent()
        ? found.get()
        : new Undefined("'%s' of a value of type %s".formatted(name, Values.typeName(target)));
  }

  /** {@code target[key]}: a key or index first, then a method of that name. */
  private Object item(Object target, Object key) {
    Object value =
        target instanceof Loop || target instanceof Namespace
            ? new Undefined("")
            : Values.item(target, key);
    return value instanceof Undefined && key instanceof String name
        ? attributeOr(value, target, name)
        : value;
  }

  private Object attributeOr(Object fallback, Object target, String name) {
    return target instanceof Map
        ? DictMethods.find((Map<?, ?>) target, name).<Object>map(m -> m).orElse(fallback)
        : attribute(target, name);
  }

  private Object call(Object target, Arguments arguments) {
    if (target instanceof Callable callable) {
      return callable.call(arguments);
    }
    throw new JinjaException(
        "A value of type %s cannot be called", Values.typeName(Values.defined(target)));
  }

  Arguments arguments(CallArguments written, Scope scope) {
    List<Object> positional = new ArrayList<>();
    written.positional().forEach(argument -> positional.add(evaluate(argument, scope)));
    for (Expression spread : written.spread()) {
      positional.addAll(Values.iterate(evaluate(spread, scope), budget));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < written.names().size(); i++) {
      named.put(written.names().get(i), evaluate(written.named().get(i), scope));
    }
    for (Expression spread : written.namedSpread()) {
      if (!(evaluate(spread, scope) instanceof Map<?, ?> dict)) {
        throw new JinjaException("Only a dict can follow ** in a call");
      }
      dict.forEach((key, value) -> named.put(Values.text(key), value));
    }
    return new Arguments(positional, named, budget);
  }

  Object filter(Object value, Expression.Filter filter, Scope scope) {
    return Filters.named(filter.name()).apply(value, arguments(filter.arguments(), scope));
  }

  private Object test(Expression.Test test, Scope scope) {
    return ValueTests.named(test.name())
        .holds(evaluate(test.target(), scope), arguments(test.arguments(), scope));
  }

  private Object unary(String operator, Object value) {
    return switch (operator) {
      case "not" -> !Values.isTrue(value);
      case "-" -> Arithmetic.apply("*", numeric(value), -1L, budget);
      default -> Arithmetic.apply("*", numeric(value), 1L, budget);
    };
  }

  private static Object numeric(Object value) {
    if (!Values.isNumber(Values.defined(value))) {
      throw new JinjaException("A sign needs a number, not " + Values.typeName(value));
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
        budget.allocate((long) first.length() + second.length());
        yield first + second;
      }
      default -> Arithmetic.apply(binary.operator(), left, evaluate(binary.right(), scope), budget);
    };
  }

  private Object comparison(Expression.Comparison comparison, Scope scope) {
    Object left = evaluate(comparison.first(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = evaluate(comparison.rest().get(i), scope);
      if (!compares(comparison.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private boolean compares(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Values.equal(left, right, budget);
      case "!=" -> !Values.equal(left, right, budget);
      case "in" -> Values.contains(right, left, budget);
      case "not in" -> !Values.contains(right, left, budget);
      case "<" -> Values.compare(left, right, budget) < 0;
      case "<=" -> Values.compare(left, right, budget) <= 0;
      case ">" -> Values.compare(left, right, budget) > 0;
      default -> Values.compare(left, right, budget) >= 0;
    };
  }
}
