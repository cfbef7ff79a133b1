package org.sparklora.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaDeviceTest {
  private static final String TWO_DEVICES =
      """
      0, NVIDIA A100-SXM4-80GB, 8.0, 535.104.05
      1, NVIDIA H100 80GB HBM3, 9.0, 535.104.05
      """;

  @Test
  void readsWhatNvidiaSmiPrints() {
    assertThat(CudaDevice.parse(TWO_DEVICES))
        .containsExactly(
            new CudaDevice(0, "NVIDIA A100-SXM4-80GB", 8, 0, "535.104.05"),
            new CudaDevice(1, "NVIDIA H100 80GB HBM3", 9, 0, "535.104.05"));
    assertThat(CudaDevice.parse("")).isEmpty();
  }

  @Test
  void choosesTheDeviceOfTheAddress() {
    assertThat(CudaDevice.choose(0, CudaDevice.parse(TWO_DEVICES)).name()).contains("A100");
    assertThatThrownBy(() -> CudaDevice.choose(2, CudaDevice.parse(TWO_DEVICES)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Cannot use GPU 2")
        .hasMessageContaining("NVIDIA H100 80GB HBM3")
        .hasMessageContaining("discovery script");
    assertThatThrownBy(() -> CudaDevice.choose(0, List.of()))
        .hasMessageContaining("nvidia-smi finds none");
  }

  @Test
  void refusesHopperAndSaysWhatIsSupported() {
    assertThatThrownBy(() -> CudaDevice.choose(1, CudaDevice.parse(TWO_DEVICES)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(
            "GPU 1 (NVIDIA H100 80GB HBM3, compute capability 9.0, driver 535.104.05)")
        .hasMessageContaining("3.7 to 8.6")
        .hasMessageContaining("8.9")
        .hasMessageContaining("lora.engine=vector");
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.7", "7.0", "7.5", "8.6", "8.9"})
  void acceptsWhatHasKernels(String capability) {
    assertThatCode(() -> chooseOnly(capability, "450.80.02")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.5", "9.0", "10.0", "12.0"})
  void refusesWhatHasNone(String capability) {
    assertThatThrownBy(() -> chooseOnly(capability, "570.00"))
        .hasMessageContaining("compute capability " + capability);
  }

  @Test
  void refusesOldDriversAndLinesWithoutCapability() {
    assertThatThrownBy(() -> chooseOnly("8.0", "418.226.00"))
        .hasMessageContaining("driver 418.226.00")
        .hasMessageContaining("needs driver 450");
    assertThatThrownBy(() -> CudaDevice.parse("Field \"compute_cap\" is not a valid field"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("update the driver");
  }

  private static void chooseOnly(String capability, String driver) {
    CudaDevice.choose(3, CudaDevice.parse("3, Some GPU, " + capability + ", " + driver));
  }
}
