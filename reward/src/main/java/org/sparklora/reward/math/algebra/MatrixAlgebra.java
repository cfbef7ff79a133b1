package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Sums and products in which matrices may occur. Shapes that do not fit are a parse failure. */
public final class MatrixAlgebra {
  /** A determinant by minors costs n!, so larger ones are refused. */
  private static final int MAX_DETERMINANT = 6;

  /** Most entries of a product, and of its left factor. */
  private static final int MAX_PRODUCT = 4096;

  /** Nodes of a term that are counted in a step. */
  private static final int NODES_A_STEP = 64;

  private static final int MAX_SIZE = 5_000;

  private MatrixAlgebra() {}

  public static Expr add(Expr left, Expr right) {
    if (!(left instanceof Matrix a) || !(right instanceof Matrix b) || !sameShape(a, b)) {
      throw ParseFailure.meaningless("a sum of unlike shapes");
    }
    return matrix(
        a.rows().size(), width(a), (i, j) -> new Add(List.of(entry(a, i, j), entry(b, i, j))));
  }

  private static Matrix matrix(int height, int width, BiFunction<Integer, Integer, Expr> entry) {
    return new Matrix(
        IntStream.range(0, height)
            .mapToObj(i -> IntStream.range(0, width).mapToObj(j -> entry.apply(i, j)).toList())
            .toList());
  }

  private static int width(Matrix matrix) {
    return matrix.rows().get(0).size();
  }

  private static Expr entry(Matrix matrix, int row, int column) {
    return matrix.rows().get(row).get(column);
  }

  public static boolean sameShape(Matrix a, Matrix b) {
    return a.rows().size() == b.rows().size() && width(a) == width(b);
  }

  public static Expr negate(Expr value) {
    return value instanceof Matrix matrix ? scale(Num.of(-1), matrix) : Expr.negate(value);
  }

  /** A product; of matrices it takes steps in proportion to the terms that it makes. */
  public static Expr times(Expr left, Expr right, AlgebraLimit budget) {
    if (left instanceof Matrix a && right instanceof Matrix b) {
      return product(a, b, budget);
    }
    boolean matrixFirst = left instanceof Matrix;
    if ((matrixFirst ? left : right) instanceof Matrix matrix) {
      budget.step((long) matrix.rows().size() * width(matrix));
      return scale(matrixFirst ? right : left, matrix);
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
    return matrix(width(matrix), matrix.rows().size(), (i, j) -> entry(matrix, j, i));
  }

  public static Expr trace(Matrix matrix) {
    requireSquare(matrix);
    return new Add(IntStream.range(0, width(matrix)).mapToObj(i -> entry(matrix, i, i)).toList());
  }

  /** Expands by minors along the first row. */
  public static Expr determinant(Matrix matrix) {
    requireSquare(matrix);
    int size = width(matrix);
    if (size > MAX_DETERMINANT) {
      throw ParseFailure.meaningless("a determinant of " + size + " rows");
    }
    if (size == 1) {
      return entry(matrix, 0, 0);
    }
    List<Expr> terms = new ArrayList<>();
    for (int column = 0; column < size; column++) {
      int left = column;
      Matrix minor =
          matrix(size - 1, size - 1, (i, j) -> entry(matrix, i + 1, j < left ? j : j + 1));
      Expr term = Expr.times(entry(matrix, 0, column), determinant(minor));
      terms.add(column % 2 == 0 ? term : Expr.negate(term));
    }
    Expr sum = new Add(terms);
    boundedSize(sum);
    return sum;
  }

  /** Limits the size: products and determinants repeat entries, and grow with each level. */
  private static int boundedSize(Expr expr) {
    int size = Expr.size(expr, MAX_SIZE);
    if (size >= MAX_SIZE) {
      throw new AlgebraLimit.Exceeded("an expression of " + MAX_SIZE + " parts");
    }
    return size;
  }

  private static void requireSquare(Matrix matrix) {
    if (matrix.rows().size() != width(matrix)) {
      throw ParseFailure.meaningless("a determinant or trace of a matrix that is not square");
    }
  }

  private static Matrix scale(Expr factor, Matrix matrix) {
    return matrix(
        matrix.rows().size(), width(matrix), (i, j) -> Expr.times(factor, entry(matrix, i, j)));
  }

  private static Matrix product(Matrix a, Matrix b, AlgebraLimit budget) {
    int inner = b.rows().size();
    int height = a.rows().size();
    if (width(a) != inner || (long) height * Math.max(inner, width(b)) > MAX_PRODUCT) {
      throw ParseFailure.meaningless("a product of shapes that do not fit");
    }
    return matrix(
        height,
        width(b),
        (i, j) -> {
          budget.step(inner);
          Expr sum =
              new Add(
                  IntStream.range(0, inner)
                      .mapToObj(k -> Expr.times(entry(a, i, k), entry(b, k, j)))
                      .toList());
          budget.step(boundedSize(sum) / NODES_A_STEP);
          return sum;
        });
  }
}
