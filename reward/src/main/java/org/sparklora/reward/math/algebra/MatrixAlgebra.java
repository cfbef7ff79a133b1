package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Sums and products in which matrices may occur. Shapes that do not fit are a parse failure. */
public final class MatrixAlgebra {
  /** A determinant by minors costs n!, so larger ones are refused. */
  private static final int MAX_DETERMINANT = 6;

  private static final int MAX_PRODUCT = 4096;
  private static final int MAX_SIZE = 5_000;

  private MatrixAlgebra() {}

  public static Expr add(Expr left, Expr right) {
    if (!(left instanceof Matrix a) || !(right instanceof Matrix b) || !sameShape(a, b)) {
      throw ParseFailure.meaningless("a sum of unlike shapes");
    }
    List<List<Expr>> rows = new ArrayList<>();
    for (int i = 0; i < a.rows().size(); i++) {
      List<Expr> row = new ArrayList<>();
      for (int j = 0; j < a.rows().get(i).size(); j++) {
        row.add(new Add(List.of(a.rows().get(i).get(j), b.rows().get(i).get(j))));
      }
      rows.add(List.copyOf(row));
    }
    return new Matrix(List.copyOf(rows));
  }

  public static boolean sameShape(Matrix a, Matrix b) {
    return a.rows().size() == b.rows().size() && a.rows().get(0).size() == b.rows().get(0).size();
  }

  public static Expr negate(Expr value) {
    return value instanceof Matrix ? times(Num.of(-1), value) : Expr.negate(value);
  }

  public static Expr times(Expr left, Expr right) {
    if (left instanceof Matrix a && right instanceof Matrix b) {
      return product(a, b);
    }
    if (left instanceof Matrix a) {
      return scale(right, a);
    }
    if (right instanceof Matrix b) {
      return scale(left, b);
    }
    return Expr.times(left, right);
  }

  public static Expr divide(Expr left, Expr right) {
    if (right instanceof Matrix) {
      throw ParseFailure.meaningless("a division by a matrix");
    }
    return left instanceof Matrix matrix
        ? scale(new Pow(right, Num.of(-1)), matrix)
        : Expr.divide(left, right);
  }

  public static Matrix transpose(Matrix matrix) {
    List<List<Expr>> rows = new ArrayList<>();
    for (int j = 0; j < matrix.rows().get(0).size(); j++) {
      List<Expr> row = new ArrayList<>();
      for (List<Expr> source : matrix.rows()) {
        row.add(source.get(j));
      }
      rows.add(List.copyOf(row));
    }
    return new Matrix(List.copyOf(rows));
  }

  public static Expr trace(Matrix matrix) {
    requireSquare(matrix);
    List<Expr> diagonal = new ArrayList<>();
    for (int i = 0; i < matrix.rows().size(); i++) {
      diagonal.add(matrix.rows().get(i).get(i));
    }
    return new Add(List.copyOf(diagonal));
  }

  /** Expands by minors along the first row. */
  public static Expr determinant(Matrix matrix) {
    requireSquare(matrix);
    List<List<Expr>> rows = matrix.rows();
    if (rows.size() > MAX_DETERMINANT) {
      throw ParseFailure.meaningless("a determinant of " + rows.size() + " rows");
    }
    if (rows.size() == 1) {
      return rows.get(0).get(0);
    }
    List<Expr> terms = new ArrayList<>();
    for (int column = 0; column < rows.size(); column++) {
      List<List<Expr>> minor = new ArrayList<>();
      for (List<Expr> row : rows.subList(1, rows.size())) {
        List<Expr> rest = new ArrayList<>(row);
        rest.remove(column);
        minor.add(rest);
      }
      Expr term = Expr.times(rows.get(0).get(column), determinant(new Matrix(minor)));
      terms.add(column % 2 == 0 ? term : Expr.negate(term));
    }
    return bounded(new Add(List.copyOf(terms)));
  }

  /** Limits the size: products and determinants repeat entries, and grow with each level. */
  private static Expr bounded(Expr expr) {
    if (Expr.size(expr, MAX_SIZE) >= MAX_SIZE) {
      throw new AlgebraLimit.Exceeded("an expression of " + MAX_SIZE + " parts");
    }
    return expr;
  }

  private static void requireSquare(Matrix matrix) {
    if (matrix.rows().size() != matrix.rows().get(0).size()) {
      throw ParseFailure.meaningless("a determinant or trace of a matrix that is not square");
    }
  }

  private static Matrix scale(Expr factor, Matrix matrix) {
    return new Matrix(
        matrix.rows().stream()
            .map(row -> row.stream().map(entry -> Expr.times(factor, entry)).toList())
            .toList());
  }

  private static Matrix product(Matrix a, Matrix b) {
    int inner = b.rows().size();
    if (a.rows().get(0).size() != inner || a.rows().size() * inner > MAX_PRODUCT) {
      throw ParseFailure.meaningless("a product of shapes that do not fit");
    }
    List<List<Expr>> rows = new ArrayList<>();
    for (List<Expr> left : a.rows()) {
      List<Expr> row = new ArrayList<>();
      for (int j = 0; j < b.rows().get(0).size(); j++) {
        List<Expr> terms = new ArrayList<>();
        for (int k = 0; k < inner; k++) {
          terms.add(Expr.times(left.get(k), b.rows().get(k).get(j)));
        }
        row.add(bounded(new Add(List.copyOf(terms))));
      }
      rows.add(List.copyOf(row));
    }
    return new Matrix(List.copyOf(rows));
  }
}
