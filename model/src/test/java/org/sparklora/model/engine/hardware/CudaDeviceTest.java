package org.sparklora.model.engine.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

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
  void memoryInUseIsUnknownWhereNvidiaSmiPrintsNoNumber() {
    assertThat(CudaDevice.usedBytes("40536")).hasValue(40536L << 20);
    assertThat(CudaDevice.usedBytes("[N/A]")).isEmpty();
    assertThat(CudaDevice.usedBytes("[Insufficient Permissions]")).isEmpty();
    assertThat(CudaDevice.usedBytes("Warning: persistence mode is off\n40536")).isEmpty();
  }

  /** No machine has this device: nvidia-smi is missing, or says so. */
  @Test
  void memoryInUseIsUnknownWhereNvidiaSmiFails() {
    assertThat(new CudaDevice(99, "Some GPU", 8, 0, "535.104.05").usedBytes()).isEmpty();
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
  void refusesOldDriversAndLinesWithoutCapability() {
    CudaDevice device = CudaDevice.parse("3, Some GPU, 8.0, 418.226.00").get(0);
    assertThat(device.capability()).isEqualTo(80);
    device.requireDriver(418, "CUDA 10");
    assertThatThrownBy(() -> device.requireDriver(450, "CUDA 11.6"))
        .hasMessageContaining("driver 418.226.00")
        .hasMessageContaining("CUDA 11.6 needs driver 450");
    assertThatThrownBy(() -> CudaDevice.parse("Field \"compute_cap\" is not a valid field"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("update the driver");
  }
}
