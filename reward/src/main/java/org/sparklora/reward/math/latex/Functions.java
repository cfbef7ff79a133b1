package org.sparklora.reward.math.latex;

import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.ParseFailure;

/** The meaning of a function command with its scripts. */
final class Functions {
  private Functions() {}

  /**
   * @param base the subscript: the base of a logarithm
   * @param power the superscript: −1 on a trigonometric function means its inverse
   */
  static Expr apply(String name, Optional<Expr> base, Optional<Expr> power, Expr arg) {
    boolean trigonometric =
        switch (name) {
          case "sin", "cos", "tan", "csc", "sec", "cot", "sinh", "cosh", "tanh" -> true;
          default -> false;
        };
    boolean inverse = trigonometric && power.isPresent() && power.get().equals(Num.of(-1));
    Expr value =
        switch (name) {
          case "log" -> Call.of("log", arg, base.orElse(Num.of(10)));
          case "ln" -> Call.of("log", arg, base.orElse(Constant.E));
          case "exp" -> new Pow(Constant.E, arg);
          case "floor" -> Call.of("floor", arg);
          case "ceil" -> Call.of("ceiling", arg);
          case "Gamma", "gamma" -> Call.of("gamma", arg);
          case "det" -> MatrixAlgebra.determinant(matrix(arg));
          case "tr", "trace" -> MatrixAlgebra.trace(matrix(arg));
          case "arsinh", "arcsinh" -> Call.of("asinh", arg);
          case "arcosh", "arccosh" -> Call.of("acosh", arg);
          case "artanh", "arctanh" -> Call.of("atanh", arg);
          default ->
              name.startsWith("arc")
                  ? Call.of("a" + name.substring(3), arg)
                  : Call.of(inverse ? "a" + name : name, arg);
        };
    return power.isPresent() && !inverse ? new Pow(value, power.get()) : value;
  }

  private static Matrix matrix(Expr arg) {
    if (arg instanceof Matrix matrix) {
      return matrix;
    }
    throw ParseFailure.meaningless("a determinant or trace of something that is no matrix");
  }
}
