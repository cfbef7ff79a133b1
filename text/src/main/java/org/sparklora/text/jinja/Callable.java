package org.sparklora.text.jinja;

/** A function, method or macro of the template's world. */
@FunctionalInterface
interface Callable {
  Object call(Arguments arguments);
}
