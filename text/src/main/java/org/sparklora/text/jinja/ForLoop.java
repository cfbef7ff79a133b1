package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;
import org.sparklora.text.jinja.Statement.Flow;
import org.sparklora.text.jinja.Statement.Target;

/**
 * {@code {% for target in items if filter %}body{% else %}otherwise{% endfor %}}.
 *
 * @param recursive whether the body may call {@code loop(items)}
 */
record ForLoop(
    Target target,
    Optional<Expression> filter,
    boolean recursive,
    Statement body,
    Statement otherwise) {

  /**
   * @param depth how many loops of this one it is in
   */
  void run(Object iterable, Scope scope, int depth) {
    List<Object> items = Values.iterate(iterable, scope.budget());
    items.removeIf(item -> !passes(item, scope));
    Loop variable = new Loop(items, depth, recursion(scope, depth));
    scope.budget().descend();
    boolean completed = false; // Jinja2's else also follows a loop whose every turn was cut short
    for (int i = 0; i < items.size(); i++) {
      scope.budget().step();
      variable.moveTo(i);
      Scope inner = scope.inner();
      inner.set("loop", variable);
      target.assign(items.get(i), inner);
      Flow flow = body.run(inner);
      completed |= flow == Flow.ON;
      if (flow == Flow.BREAK) {
        break;
      }
    }
    if (!completed) {
      otherwise.run(scope.inner());
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

  private Callable recursion(Scope scope, int depth) {
    return a -> {
      if (!recursive) {
        throw new JinjaException("The loop is not recursive");
      }
      return scope.renderer().captured(() -> run(a.get(0, "iterable"), scope, depth + 1));
    };
  }
}
