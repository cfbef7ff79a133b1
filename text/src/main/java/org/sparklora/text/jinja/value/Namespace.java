package org.sparklora.text.jinja.value;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** {@code namespace()}: the one object a template may assign to from inside a loop. */
public final class Namespace implements Attributes.Owner {
  private final Map<String, Object> fields = new HashMap<>();

  @Override
  public Optional<Object> attribute(String name) {
    Object value = fields.get(name);
    return Optional.of(value == null ? new Undefined("namespace field '" + name + "'") : value);
  }

  public void set(String name, Object value) {
    if (name.startsWith("_")) {
      throw new JinjaException(
          "Cannot store '%s' in a namespace: names that begin with an underscore are reserved",
          name);
    }
    fields.put(name, value);
  }
}
