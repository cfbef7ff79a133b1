package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.text.jinja.value.Arguments;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.Operators;
import org.sparklora.text.jinja.value.RenderLimit;
import org.sparklora.text.jinja.value.Tuple;
import org.sparklora.text.jinja.value.ValueText;
import org.sparklora.text.jinja.value.Values;

/** A part of a template that has a value. */
@FunctionalInterface
interface Expression {
  Object evaluate(Scope scope);

  /** Wraps an expression: charges the budget and gives errors the line. */
  static Expression at(int line, Expression expression) {
    return scope -> {
      RenderLimit budget = scope.budget();
      try {
        budget.step();
        budget.descend();
        Object value = expression.evaluate(scope);
        budget.ascend();
        return value;
      } catch (JinjaException e) {
        throw e.at(line);
      }
    };
  }

  /** {@code first operator second}; {@code and} and {@code or} evaluate the second if needed. */
  static Expression binary(Token operator, Expression first, Expression second) {
    return at(
        operator.line(),
        scope -> {
          Object left = first.evaluate(scope);
          return switch (operator.text()) {
            case "and" -> Values.isTrue(left) ? second.evaluate(scope) : left;
            case "or" -> Values.isTrue(left) ? left : second.evaluate(scope);
            default ->
                Operators.apply(operator.text(), left, second.evaluate(scope), scope.budget());
          };
        });
  }

  /** {@code first op rest[0] op rest[1] …}, each pair compared as in Python. */
  static Expression comparison(
      int line, Expression first, List<String> operators, List<Expression> rest) {
    return at(
        line,
        scope -> {
          Object left = first.evaluate(scope);
          for (int i = 0; i < operators.size(); i++) {
            Object right = rest.get(i).evaluate(scope);
            if (!Operators.compares(operators.get(i), left, right, scope.budget())) {
              return false;
            }
            left = right;
          }
          return true;
        });
  }

  /** A list or tuple of the items' values. */
  static Expression sequence(int line, List<Expression> items, boolean tuple) {
    return at(
        line,
        scope -> {
          List<Object> values = new ArrayList<>();
          scope.budget().items(1);
          items.forEach(item -> values.add(item.evaluate(scope)));
          return tuple ? new Tuple(values) : values;
        });
  }

  static Expression dict(int line, List<Expression> keys, List<Expression> values) {
    return at(
        line,
        scope -> {
          Map<Object, Object> entries = new LinkedHashMap<>();
          scope.budget().items(2 + keys.size());
          for (int i = 0; i < keys.size(); i++) {
            Object key = Values.key(keys.get(i).evaluate(scope), scope.budget());
            entries.put(key, values.get(i).evaluate(scope));
          }
          return entries;
        });
  }

  /** A call; a call block adds the argument {@code caller} to it. */
  record Call(CallArguments arguments, Expression value) implements Expression {
    Call(int line, Expression target, CallArguments arguments) {
      this(arguments, at(line, s -> Callable.call(target.evaluate(s), arguments.evaluate(s))));
    }

    @Override
    public Object evaluate(Scope scope) {
      return value.evaluate(scope);
    }
  }

  /** The argument expressions of a call, a filter or a test. */
  record CallArguments(
      List<Expression> positional,
      List<Expression> spread,
      Map<String, Expression> named,
      List<Expression> spreadNamed) {

    /** No arguments yet. */
    CallArguments() {
      this(new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>());
    }

    Arguments evaluate(Scope scope) {
      List<Object> values = new ArrayList<>();
      positional.forEach(argument -> values.add(argument.evaluate(scope)));
      for (Expression several : spread) {
        values.addAll(Values.iterate(several.evaluate(scope), scope.budget()));
      }
      Map<String, Object> byName = new LinkedHashMap<>();
      named.forEach((name, argument) -> byName.put(name, argument.evaluate(scope)));
      for (Expression several : spreadNamed) {
        Map<?, ?> entries = Values.dict(several.evaluate(scope));
        scope.budget().items(entries.size());
        entries.forEach((name, value) -> byName.put(ValueText.of(name), value));
      }
      return new Arguments(values, byName, scope.budget());
    }
  }
}
