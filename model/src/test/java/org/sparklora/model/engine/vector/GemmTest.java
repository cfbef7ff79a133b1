package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;

class GemmTest {

  @Test
  void aFailureOfTheLibrarySaysHowToComputeWithoutIt() {
    try (HostTensor x = HostTensor.allocate(DType.FLOAT32, 4, 4);
        Scratch scratch = new Scratch()) {
      Gemm.Matrix overlapping = new Gemm.Matrix(x.address(), 1); // rows of 4, one element apart
      assertThatThrownBy(
              () ->
                  Gemm.multiply(scratch, 4, 4, 4, 1, overlapping, overlapping, false, overlapping))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("(4, 4, 4)")
          .hasMessageContaining("-Dlora.engine=reference");
    }
  }
}
