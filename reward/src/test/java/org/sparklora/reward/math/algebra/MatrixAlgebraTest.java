package org.sparklora.reward.math.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.number.AlgebraLimit;

class MatrixAlgebraTest {
  private static Matrix ones(int height, int width) {
    Expr one = Num.of(1);
    return new Matrix(Collections.nCopies(height, Collections.nCopies(width, one)));
  }

  private static long steps(Expr left, Expr right) {
    AlgebraLimit budget = new AlgebraLimit(Long.MAX_VALUE, () -> 0);
    MatrixAlgebra.times(left, right, budget);
    return budget.used();
  }

  @Test
  void aProductWithMillionsOfEntriesIsRefused() {
    AlgebraLimit budget = new AlgebraLimit(Long.MAX_VALUE, () -> 0);
    assertThatThrownBy(() -> MatrixAlgebra.times(ones(2_000, 1), ones(1, 2_000), budget))
        .isInstanceOf(ParseFailure.class);
    assertThat(MatrixAlgebra.times(ones(40, 1), ones(1, 40), budget))
        .isInstanceOfSatisfying(Matrix.class, product -> assertThat(product.rows()).hasSize(40));
  }

  @Test
  void productsTakeStepsByTheTermsTheyMake() {
    assertThat(steps(ones(2, 2), ones(2, 2))).isLessThan(20);
    assertThat(steps(ones(40, 40), ones(40, 40))).isBetween(64_000L, 200_000L);
    assertThat(steps(Num.of(2), ones(40, 40))).isEqualTo(1_600);
    assertThat(steps(ones(40, 40), Num.of(2))).isEqualTo(1_600);
  }
}
