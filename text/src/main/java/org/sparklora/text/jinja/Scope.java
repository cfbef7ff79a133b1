package org.sparklora.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.sparklora.text.jinja.value.RenderLimit;
import org.sparklora.text.jinja.value.Undefined;

/**
 * The names that a statement sees, its own block's before outer ones, and its rendering.
 *
 * @param parent null for the outermost scope
 */
record Scope(Scope parent, Map<String, Object> names, Renderer renderer) {

  Scope inner() {
    return new Scope(this, new HashMap<>(), renderer);
  }

  /** An inner scope in which {@code value} is assigned to {@code target}. */
  Scope with(Statement.Target target, Object value) {
    Scope inner = inner();
    target.assign(value, inner);
    return inner;
  }

  /** The value of a name; an {@link Undefined} if the name has none. */
  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return new Undefined("'" + name + "'");
  }

  void set(String name, Object value) {
    names.put(name, value);
  }

  RenderLimit budget() {
    return renderer.budget();
  }
}
