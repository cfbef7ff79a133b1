package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;
import org.sparklora.text.jinja.Statement.Flow;
import org.sparklora.text.jinja.Statement.Target;

/** {@code {% for target in items if filter %}body{% endfor %}}. */
record ForLoop(Target target, Optional<Expression> filter, Statement body) {

  void run(Object iterable, Scope scope) {
    List<Object> items = Values.iterate(iterable, scope.budget());
    filter.ifPresent(
        condition ->
            items.removeIf(item -> !Values.isTrue(condition.evaluate(bound(item, scope)))));
    scope.budget().descend();
    for (int i = 0; i < items.size(); i++) {
      scope.budget().step();
      Scope inner = bound(items.get(i), scope);
      inner.set("loop", new Loop(items, i));
      if (body.run(inner) == Flow.BREAK) {
        break;
      }
    }
    scope.budget().ascend();
  }

  private Scope bound(Object item, Scope scope) {
    Scope inner = scope.inner();
    target.assign(item, inner);
    return inner;
  }
}
