package org.sparklora.text.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Jinja2's tests: {@code value is name argument}. */
final class ValueTests {

  @FunctionalInterface
  interface ValueTest {
    boolean holds(Object value, Arguments arguments);
  }

  private static final Map<String, ValueTest> ALL = new HashMap<>();

  static {
    ALL.put("defined", (v, a) -> !(v instanceof Undefined));
    ALL.put("undefined", (v, a) -> v instanceof Undefined);
    ALL.put("none", (v, a) -> v == None.NONE);
    ALL.put("true", (v, a) -> Boolean.TRUE.equals(v));
    ALL.put("false", (v, a) -> Boolean.FALSE.equals(v));
    ALL.put("boolean", (v, a) -> v instanceof Boolean);
    ALL.put("integer", (v, a) -> v instanceof Long);
    ALL.put("float", (v, a) -> v instanceof Double);
    ALL.put("number", (v, a) -> Values.isNumber(v));
    ALL.put("string", (v, a) -> v instanceof String);
    ALL.put("mapping", (v, a) -> v instanceof Map);
    ALL.put("iterable", (v, a) -> isSequence(v) || v instanceof Undefined);
    ALL.put("sequence", (v, a) -> isSequence(v) || v instanceof Undefined);
    ALL.put(
        "sameas",
        (v, a) ->
            v == a.get(0, "other")
                || !(v instanceof List || v instanceof Map) && v.equals(a.get(0, "other")));
    ALL.put("lower", (v, a) -> StringMethods.isLower(Values.text(v)));
    ALL.put("upper", (v, a) -> StringMethods.isUpper(Values.text(v)));
    ALL.put("odd", (v, a) -> remainder(v, 2L, a) == 1);
    ALL.put("even", (v, a) -> remainder(v, 2L, a) == 0);
    ALL.put("divisibleby", (v, a) -> remainder(v, a.get(0, "num"), a) == 0);
    ALL.put("in", (v, a) -> Values.contains(a.get(0, "seq"), v, a.budget()));
    for (String name : List.of("eq", "equalto", "==")) {
      ALL.put(name, (v, a) -> Values.equal(v, a.get(0, "other"), a.budget()));
    }
    for (String name : List.of("ne", "!=")) {
      ALL.put(name, (v, a) -> !Values.equal(v, a.get(0, "other"), a.budget()));
    }
    order(List.of("lt", "lessthan", "<"), c -> c < 0);
    order(List.of("le", "<="), c -> c <= 0);
    order(List.of("gt", "greaterthan", ">"), c -> c > 0);
    order(List.of("ge", ">="), c -> c >= 0);
  }

  private ValueTests() {}

  static ValueTest named(String name) {
    ValueTest test = ALL.get(name);
    if (test == null) {
      throw new JinjaException("No test named '%s'", name);
    }
    return test;
  }

  private static void order(List<String> names, IntPredicate accepts) {
    names.forEach(
        name ->
            ALL.put(
                name, (v, a) -> accepts.test(Values.compare(v, a.get(0, "other"), a.budget()))));
  }

  private static boolean isSequence(Object value) {
    return value instanceof String || value instanceof List || value instanceof Map;
  }

  private static double remainder(Object value, Object divisor, Arguments arguments) {
    return Values.number(Arithmetic.apply("%", value, divisor, arguments.budget()));
  }
}
