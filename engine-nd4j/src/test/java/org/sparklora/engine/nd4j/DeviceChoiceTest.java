package org.sparklora.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.hardware.CudaDevice;

class DeviceChoiceTest {

  @Test
  void withoutADeviceNoMemoryIsInUseOnOne() {
    assertThat(DeviceChoice.usedBytes()).isEmpty();
  }

  @Test
  void readsWhatIsInUseFromWhatNd4jSaysOfItsDevices() {
    // as CudaExecutioner.getEnvironmentInformation of nd4j-cuda-11.6 1.0.0-M2.1 has it
    Properties nd4j = new Properties();
    nd4j.put(
        "cuda.devicesInformation",
        List.of(
            Map.of("cuda.deviceName", "A", "cuda.freeMemory", 7L, "cuda.totalMemory", 8L),
            Map.of(
                "cuda.deviceName",
                "B",
                "cuda.freeMemory",
                2L << 30,
                "cuda.totalMemory",
                5L << 30)));

    assertThat(DeviceChoice.usedBytes(1, nd4j)).isEqualTo(3L << 30);
  }

  @ParameterizedTest
  @ValueSource(ints = {37, 70, 75, 86, 89})
  void acceptsWhatHasKernels(int capability) {
    assertThatCode(() -> check(capability, "450.80.02")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(ints = {35, 90, 100, 120})
  void refusesWhatHasNoneAndSaysWhatIsSupported(int capability) {
    assertThatThrownBy(() -> check(capability, "570.00"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("compute capability %d.%d", capability / 10, capability % 10)
        .hasMessageContaining("3.7 to 8.6")
        .hasMessageContaining("-Pcuda")
        .hasMessageContaining("lora.engine=vector");
  }

  @Test
  void refusesOldDrivers() {
    assertThatThrownBy(() -> check(80, "418.226.00"))
        .hasMessageContaining("CUDA 11.6 needs driver 450");
  }

  private static void check(int capability, String driver) {
    DeviceChoice.check(new CudaDevice(3, "Some GPU", capability / 10, capability % 10, driver));
  }
}
