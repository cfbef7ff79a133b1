package org.sparklora.text.jinja.value;

/** A function, method or macro that a template can call. */
@FunctionalInterface
public interface Callable {
  Object call(Arguments arguments);
}
