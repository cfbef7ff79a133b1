package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.text.jinja.value.Arguments;
import org.sparklora.text.jinja.value.Arithmetic;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.DictMethods;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.Namespace;
import org.sparklora.text.jinja.value.RenderLimit;
import org.sparklora.text.jinja.value.StringMethods;
import org.sparklora.text.jinja.value.Tuple;
import org.sparklora.text.jinja.value.Undefined;
import org.sparklora.text.jinja.value.ValueText;
import org.sparklora.text.jinja.value.Values;

/** Evaluates attributes, items, calls, operators and comparisons. */
final class Evaluator {
  private Evaluator() {}

  /** {@code target.name}: a method if it exists, else a key, as in Jinja2. */
  static Object attribute(Object target, String name, Scope scope) {
    Optional<Object> own = own(Values.defined(target), name);
    if (own.isPresent() || target instanceof Map) {
      return own.orElseGet(() -> Values.item(target, name, scope.budget()));
    }
    return new Undefined("'%s' of a value of type %s".formatted(name, Values.typeName(target)));
  }

  /** {@code target[key]}: a key or index if it exists, else a method of that name. */
  static Object item(Object target, Object key, Scope scope) {
    boolean keyed = !(target instanceof Loop || target instanceof Namespace);
    Object value = keyed ? Values.item(target, key, scope.budget()) : new Undefined("");
    return value instanceof Undefined && key instanceof String name
        ? own(target, name).orElse(value)
        : value;
  }

  private static Optional<Object> own(Object target, String name) {
    if (target instanceof Loop loop) {
      return loop.attribute(name);
    }
    if (target instanceof Namespace namespace) {
      return Optional.of(namespace.get(name));
    }
    return target instanceof String text
        ? StringMethods.find(text, name)
        : DictMethods.find(target, name);
  }

  static Object call(Object target, Arguments arguments) {
    if (target instanceof Callable callable) {
      return callable.call(arguments);
    }
    throw new JinjaException(
        "A value of type %s cannot be called", Values.typeName(Values.defined(target)));
  }

  static Object signed(String sign, Object value, RenderLimit budget) {
    if (!Values.isNumber(Values.defined(value))) {
      throw new JinjaException("A sign needs a number, not " + Values.typeName(value));
    }
    return Arithmetic.apply("*", value, sign.equals("-") ? -1L : 1L, budget);
  }

  static Object binary(String operator, Object left, Expression second, Scope scope) {
    return switch (operator) {
      case "and" -> Values.isTrue(left) ? second.evaluate(scope) : left;
      case "or" -> Values.isTrue(left) ? left : second.evaluate(scope);
      case "~" -> {
        String start = ValueText.of(left);
        String end = ValueText.of(second.evaluate(scope));
        scope.budget().allocate((long) start.length() + end.length());
        yield start + end;
      }
      default -> Arithmetic.apply(operator, left, second.evaluate(scope), scope.budget());
    };
  }

  static Object sequence(List<Expression> items, boolean tuple, Scope scope) {
    List<Object> values = new ArrayList<>();
    scope.budget().items(1);
    items.forEach(item -> values.add(item.evaluate(scope)));
    return tuple ? new Tuple(values) : values;
  }

  static Object dict(List<Expression> keys, List<Expression> values, Scope scope) {
    Map<Object, Object> entries = new LinkedHashMap<>();
    scope.budget().items(2 + keys.size());
    for (int i = 0; i < keys.size(); i++) {
      Object key = Values.key(keys.get(i).evaluate(scope), scope.budget());
      entries.put(key, values.get(i).evaluate(scope));
    }
    return entries;
  }

  /** {@code first op rest[0] op rest[1] …}, each pair compared as in Python. */
  static boolean compare(
      Expression first, List<String> operators, List<Expression> rest, Scope scope) {
    Object left = first.evaluate(scope);
    for (int i = 0; i < operators.size(); i++) {
      Object right = rest.get(i).evaluate(scope);
      if (!compares(operators.get(i), left, right, scope.budget())) {
        return false;
      }
      left = right;
    }
    return true;
  }

  static boolean compares(String operator, Object left, Object right, RenderLimit budget) {
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
