package org.sparklora.text.jinja;

import java.util.HashMap;
import java.util.Map;

/**
 * The names a statement sees, its own block's, then those around it, and its rendering.
 *
 * @param parent null for the outermost
 */
record Scope(Scope parent, Map<String, Object> names, Renderer renderer) {

  Scope inner() {
    return new Scope(this, new HashMap<>(), renderer);
  }

  /** An inner one, in which something is assigned. */
  Scope with(Statement.Target target, Object value) {
    Scope inner = inner();
    target.assign(value, inner);
    return inner;
  }

  /** What a name stands for; undefined if for nothing. */
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

  Budget budget() {
    return renderer.budget();
  }
}
