package org.sparklora.text.jinja.value;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The argument values of a function call.
 *
 * @param budget charged for work that grows with the values' sizes
 */
public record Arguments(List<Object> positional, Map<String, Object> named, RenderLimit budget) {

  /** The argument at a position or, failing that, under a name. */
  public Optional<Object> find(int position, String name) {
    return position < positional.size()
        ? Optional.of(positional.get(position))
        : Optional.ofNullable(named.get(name));
  }

  Object get(int position, String name) {
    return find(position, name)
        .orElseThrow(() -> new JinjaException("Missing the argument '%s'", name));
  }

  Object get(int position, String name, Object fallback) {
    return find(position, name).orElse(fallback);
  }

  String string(int position, String name) {
    Object value = get(position, name);
    if (value instanceof String text) {
      return text;
    }
    throw new JinjaException(
        "The argument '%s' must be a string, not %s", name, Values.typeName(value));
  }

  /** Refuses more than {@code count} positional arguments, though Python may accept more. */
  public Arguments atMost(int count) {
    if (positional.size() > count) {
      throw new JinjaException(
          "%d arguments are too many, at most %d are supported", positional.size(), count);
    }
    return this;
  }

  int integer(int position, String name, int fallback) {
    Optional<Object> value = find(position, name).filter(v -> v != None.NONE);
    return value.map(Values::asIndex).orElse(fallback);
  }

  boolean truth(int position, String name, boolean fallback) {
    return find(position, name).map(Values::isTrue).orElse(fallback);
  }

  /** The items of a value, charged to the budget. */
  List<Object> iterate(Object value) {
    return Values.iterate(value, budget);
  }

  /** These arguments without the first {@code count} positional ones. */
  Arguments after(int count) {
    return new Arguments(
        positional.subList(Math.min(count, positional.size()), positional.size()), named, budget);
  }
}
