package org.sparklora.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

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
}
