package org.sparklora.text.jinja.value;

/** A function, method or macro that a template can call. */
@FunctionalInterface
public interface Callable {
  Object call(Arguments arguments);

  /** Calls a value, which must be a function. */
  static Object call(Object target, Arguments arguments) {
    if (target instanceof Callable callable) {
      return callable.call(arguments);
    }
    throw new JinjaException(
        "A value of type %s cannot be called", Values.typeName(Values.defined(target)));
  }
}
