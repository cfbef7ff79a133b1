package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;
import org.sparklora.text.jinja.Statement.Target;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.Undefined;
import org.sparklora.text.jinja.value.Values;

/** The variable {@code loop} of a for statement. */
record Loop(List<Object> items, int index) {

  /** {@code {% for target in iterable if filter %}body{% endfor %}}. */
  static void run(
      Object iterable, Target target, Optional<Expression> filter, Statement body, Scope scope) {
    List<Object> items = Values.iterate(iterable, scope.budget());
    filter.ifPresent(
        condition ->
            items.removeIf(item -> !Values.isTrue(condition.evaluate(scope.with(target, item)))));
    scope.budget().descend();
    for (int i = 0; i < items.size(); i++) {
      scope.budget().step();
      Scope inner = scope.with(target, items.get(i));
      inner.set("loop", new Loop(items, i));
      if (body.run(inner) == Statement.Flow.BREAK) {
        break;
      }
    }
    scope.budget().ascend();
  }

  Optional<Object> attribute(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "index" -> index + 1L;
          case "index0" -> (long) index;
          case "revindex" -> (long) items.size() - index;
          case "revindex0" -> items.size() - index - 1L;
          case "first" -> index == 0;
          case "last" -> index == items.size() - 1;
          case "length" -> (long) items.size();
          case "previtem" ->
              index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
          case "nextitem" ->
              index + 1 < items.size()
                  ? items.get(index + 1)
                  : new Undefined("there is no next item");
          case "cycle" -> (Callable) a -> a.positional().get(index % a.positional().size());
          default -> null;
        });
  }
}
