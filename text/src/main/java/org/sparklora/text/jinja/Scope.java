package org.sparklora.text.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The names a statement sees: its own block's, then those around it. */
final class Scope {
  private final Scope parent; // null for the outermost
  private final Map<String, Object> names;

  private Scope(Scope parent, Map<String, Object> names) {
    this.parent = parent;
    this.names = names;
  }

  static Scope root(Map<String, Object> names) {
    return new Scope(null, new HashMap<>(names));
  }

  Scope inner() {
    return new Scope(this, new HashMap<>());
  }

  Optional<Object> find(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.names.get(name);
      if (value != null) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  void set(String name, Object value) {
    names.put(name, value);
  }
}
