package org.sparklora.text.jinja.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's operators on numbers, strings and lists, and its comparisons. */
public final class Operators {
  private Operators() {}

  /** Computes {@code + - * / // %}, or joins the texts of two values by {@code ~}. */
  public static Object apply(String operator, Object left, Object right, RenderLimit budget) {
    if (operator.equals("~")) {
      return joined(ValueText.of(left), ValueText.of(right), budget);
    }
    Values.defined(left);
    Values.defined(right);
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? floats(operator, Values.number(left), Values.number(right))
          : integers(operator, Values.integer(left), Values.integer(right));
    }
    if (operator.equals("+") && left instanceof String a && right instanceof String b) {
      return joined(a, b, budget);
    }
    if (operator.equals("+")
        && left instanceof List<?> a
        && right instanceof List<?> b
        && left instanceof Tuple == right instanceof Tuple) {
      budget.allocate((long) a.size() + b.size());
      List<Object> joined = new ArrayList<>(a);
      joined.addAll(b);
      return left instanceof Tuple ? new Tuple(joined) : joined;
    }
    if (operator.equals("*") && (right instanceof Long || right instanceof Boolean)) {
      return repeat(left, right, budget);
    }
    if (operator.equals("*") && (left instanceof Long || left instanceof Boolean)) {
      return repeat(right, left, budget);
    }
    throw unsupported(operator, left, right);
  }

  private static String joined(String start, String end, RenderLimit budget) {
    budget.allocate((long) start.length() + end.length());
    return start + end;
  }

  private static JinjaException unsupported(String operator, Object left, Object right) {
    return new JinjaException(
        "Cannot compute %s %s %s", Values.typeName(left), operator, Values.typeName(right));
  }

  private static Object repeat(Object value, Object times, RenderLimit budget) {
    int count = Math.max(0, Values.asIndex(times));
    if (value instanceof String text) {
      budget.allocate((long) text.length() * count);
      return text.repeat(count);
    }
    if (value instanceof List<?> list) {
      budget.allocate((long) list.size() * count);
      List<Object> repeated = new ArrayList<>();
      Collections.nCopies(count, list).forEach(repeated::addAll);
      return value instanceof Tuple ? new Tuple(repeated) : repeated;
    }
    throw unsupported("*", value, times);
  }

  private static Object integers(String operator, long left, long right) {
    try {
      return switch (operator) {
        case "+" -> Math.addExact(left, right);
        case "-" -> Math.subtractExact(left, right);
        case "*" -> Math.multiplyExact(left, right);
        case "/" -> left / nonZero(right);
        case "//" -> Math.floorDiv(left, right);
        default -> Math.floorMod(left, right);
      };
    } catch (ArithmeticException e) {
      throw right == 0
          ? new JinjaException("Division by zero")
          : new JinjaException("%d %s %d is beyond 64 bits", left, operator, right);
    }
  }

  private static double nonZero(double divisor) {
    if (divisor == 0) {
      throw new JinjaException("Division by zero");
    }
    return divisor;
  }

  private static Object floats(String operator, double left, double right) {
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> left / nonZero(right);
      case "//" -> Math.floor((left - modulo(left, nonZero(right))) / right + 0.5);
      default -> modulo(left, nonZero(right));
    };
  }

  /** Python's {@code %}: the result has the sign of the divisor. */
  private static double modulo(double left, double right) {
    double rest = left % right;
    if (rest == 0) {
      return Math.copySign(0.0, right);
    }
    return rest < 0 != right < 0 ? rest + right : rest;
  }

  /** {@code +value} or {@code -value}. */
  public static Object signed(String sign, Object value, RenderLimit budget) {
    if (!Values.isNumber(Values.defined(value))) {
      throw new JinjaException("A sign needs a number, not " + Values.typeName(value));
    }
    return apply("*", value, sign.equals("-") ? -1L : 1L, budget);
  }

  /** Python's {@code == != < <= > >= in} and {@code not in}. */
  public static boolean compares(String operator, Object left, Object right, RenderLimit budget) {
    return switch (operator) {
      case "==" -> Values.equal(left, right, budget);
      case "!=" -> !Values.equal(left, right, budget);
      case "in" -> Values.contains(right, left, budget);
      case "not in" -> !Values.contains(right, left, budget);
      case "<" -> Values.compare(left, right, budget) < 0;
      case "<=" -> Values.compare(left, right, budget) <= 0;
      case ">" -> Values.compare(left, right, budget) > 0;
      default -> Values.compare(left, right, budget) >= 0;
    };
  }
}
