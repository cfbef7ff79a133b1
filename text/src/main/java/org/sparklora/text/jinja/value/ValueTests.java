package org.sparklora.text.jinja.value;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/** Jinja2's tests: {@code value is name argument}. */
public final class ValueTests {

  private ValueTests() {}

  public static BiPredicate<Object, Arguments> named(String name) {
    return switch (name) {
      case "defined" -> (v, a) -> !(v instanceof Undefined);
      case "undefined" -> (v, a) -> v instanceof Undefined;
      case "none" -> (v, a) -> v == None.NONE;
      case "true" -> (v, a) -> Boolean.TRUE.equals(v);
      case "false" -> (v, a) -> Boolean.FALSE.equals(v);
      case "boolean" -> (v, a) -> v instanceof Boolean;
      case "integer" -> (v, a) -> v instanceof Number && !(v instanceof Double);
      case "float" -> (v, a) -> v instanceof Double;
      case "number" -> (v, a) -> v instanceof Number || v instanceof Boolean;
      case "string" -> (v, a) -> v instanceof String;
      case "mapping" -> (v, a) -> v instanceof Map;
      case "sequence" -> (v, a) -> isSequence(v);
      case "iterable" -> (v, a) -> v instanceof Iterator || isSequence(v);
      case "sameas" ->
          (v, a) -> v == a.get(0, "other") || v instanceof Boolean && v.equals(a.get(0, "other"));
      case "odd" -> (v, a) -> remainder(v, 2L, a) == 1;
      case "even" -> (v, a) -> remainder(v, 2L, a) == 0;
      case "divisibleby" -> (v, a) -> remainder(v, a.get(0, "num"), a) == 0;
      case "in" -> (v, a) -> Values.contains(a.get(0, "seq"), v, a.budget());
      case "eq", "equalto", "==" -> comparing("==");
      case "ne", "!=" -> comparing("!=");
      case "lt", "lessthan", "<" -> comparing("<");
      case "le", "<=" -> comparing("<=");
      case "gt", "greaterthan", ">" -> comparing(">");
      case "ge", ">=" -> comparing(">=");
      default -> throw new JinjaException("No test named '%s'", name);
    };
  }

  private static boolean isSequence(Object v) {
    return v instanceof String || v instanceof List || v instanceof Map || v instanceof Undefined;
  }

  private static BiPredicate<Object, Arguments> comparing(String operator) {
    return (v, a) -> Operators.compares(operator, v, a.get(0, "other"), a.budget());
  }

  private static double remainder(Object value, Object divisor, Arguments arguments) {
    return Values.number(Operators.apply("%", value, divisor, arguments.budget()));
  }
}
