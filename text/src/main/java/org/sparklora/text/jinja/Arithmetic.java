package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's {@code + - * / // % **} on numbers, strings and lists. */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(String operator, Object left, Object right, Budget budget) {
    Values.defined(left);
    Values.defined(right);
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? floats(operator, Values.number(left), Values.number(right))
          : integers(operator, Values.integer(left), Values.integer(right));
    }
    switch (operator) {
      case "+" -> {
        if (left instanceof String a && right instanceof String b) {
          budget.allocate((long) a.length() + b.length());
          return a + b;
        }
        if (left instanceof List<?> a
            && right instanceof List<?> b
            && left instanceof Tuple == right instanceof Tuple) {
          budget.allocate((long) a.size() + b.size());
          List<Object> joined = new ArrayList<>(a);
          joined.addAll(b);
          return left instanceof Tuple ? new Tuple(joined) : joined;
        }
      }
      case "*" -> {
        if (right instanceof Long || right instanceof Boolean) {
          return repeat(left, Values.integer(right), budget);
        }
        if (left instanceof Long || left instanceof Boolean) {
          return repeat(right, Values.integer(left), budget);
        }
      }
      case "%" -> {
        if (left instanceof String format) {
          return StringFormat.percent(format, right, budget);
        }
      }
      default -> {}
    }
    throw unsupported(operator, left, right);
  }

  private static JinjaException unsupported(String operator, Object left, Object right) {
    return new JinjaException(
        "Cannot compute %s %s %s", Values.typeName(left), operator, Values.typeName(right));
  }

  private static Object repeat(Object value, long times, Budget budget) {
    int count = (int) Math.max(0, Math.min(Integer.MAX_VALUE, times));
    if (value instanceof String text) {
      budget.allocate((long) text.length() * count);
      return text.repeat(count);
    }
    if (value instanceof List<?> list) {
      budget.allocate((long) list.size() * count);
      List<Object> repeated = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        repeated.addAll(list);
      }
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
        case "/" -> (double) left / nonZero(right);
        case "//" -> Math.floorDiv(left, nonZero(right));
        case "%" -> Math.floorMod(left, nonZero(right));
        case "**" -> right < 0 ? (Object) Math.pow(left, right) : (Object) power(left, right);
        default -> throw unsupported(operator, left, right);
      };
    } catch (ArithmeticException e) {
      throw new JinjaException("%d %s %d is beyond 64 bits", left, operator, right);
    }
  }

  private static long power(long base, long exponent) {
    long result = 1;
    // |base| ≥ 2 overflows within 64 multiplications, which ends the loop; -1, 0 and 1 do not need
    // it
    long times = base >= -1 && base <= 1 ? Math.min(exponent, 2 + exponent % 2) : exponent;
    for (long i = 0; i < times; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  private static long nonZero(long divisor) {
    if (divisor == 0) {
      throw new JinjaException("Division by zero");
    }
    return divisor;
  }

  private static Object floats(String operator, double left, double right) {
    if (right == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new JinjaException("Division by zero");
    }
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> left / right;
      case "//" -> Math.floor((left - modulo(left, right)) / right + 0.5);
      case "%" -> modulo(left, right);
      case "**" -> Math.pow(left, right);
      default -> throw unsupported(operator, left, right);
    };
  }

  /** Python's {@code %}: the sign of the divisor. */
  private static double modulo(double left, double right) {
    double rest = left % right;
    if (rest == 0) {
      return Math.copySign(0.0, right);
    }
    return rest < 0 != right < 0 ? rest + right : rest;
  }
}
