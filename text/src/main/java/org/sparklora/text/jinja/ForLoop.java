package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;
import org.sparklora.text.jinja.Statement.Flow;
import org.sparklora.text.jinja.Statement.Target;

/** {@code {% for target in items if filter %}body{% endfor %}}. */
record ForLoop(Target target, Optional<Expression> filter, Statement body) {

  void run(Object iterable, Scope scope) {
    List<Object> items = Values.iterate(iterable, scope.budget());
    items.removeIf(item -> !passes(item, scope));
    Loop variable = new Loop(items);
    scope.budget().descend();
    for (int i = 0; i < items.size(); i++) {
      scope.budget().step();
      variable.moveTo(i);
      Scope inner = scope.inner();
      inner.set("loop", variable);
      target.assign(items.get(i), inner);
      if (body.run(inner) == Flow.BREAK) {
        break;
      }
    }
    scope.budget().ascend();
  }

  private boolean passes(Object item, Scope scope) {
    if (filter.isEmpty()) {
      return true;
    }
    Scope inner = scope.inner();
    target.assign(item, inner);
    return Values.isTrue(filter.get().evaluate(inner));
  }
}
