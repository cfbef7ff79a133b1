package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.text.jinja.value.Arguments;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.RenderLimit;
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

  /** A call; a call block adds the argument {@code caller} to it. */
  record Call(CallArguments arguments, Expression value) implements Expression {
    Call(int line, Expression target, CallArguments arguments) {
      this(arguments, at(line, s -> Evaluator.call(target.evaluate(s), arguments.evaluate(s))));
    }

    @Override
    public Object evaluate(Scope scope) {
      return value.evaluate(scope);
    }
  }

  /** The argument expressions of a call, a filter or a test. */
  record CallArguments(
      List<Expression> positional, List<Expression> spread, Map<String, Expression> named) {

    /** No arguments yet. */
    CallArguments() {
      this(new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
    }

    Arguments evaluate(Scope scope) {
      List<Object> values = new ArrayList<>();
      positional.forEach(argument -> values.add(argument.evaluate(scope)));
      for (Expression several : spread) {
        values.addAll(Values.iterate(several.evaluate(scope), scope.budget()));
      }
      Map<String, Object> byName = new LinkedHashMap<>();
      named.forEach((name, argument) -> byName.put(name, argument.evaluate(scope)));
      return new Arguments(values, byName, scope.budget());
    }
  }
}
