package org.sparklora.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.hardware.CudaDevice;

class Nd4jProviderTest {

  @Test
  void withoutADeviceNoMemoryIsInUseOnOne() {
    assertThat(Engines.usedDeviceBytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {37, 70, 75, 86, 89})
  void acceptsWhatHasKernels(int capability) {
    assertThatCode(() -> check(capability, "510.39.01")).doesNotThrowAnyException();
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

  private static void check(int capability, String driver) {
    Nd4jProvider.check(new CudaDevice(3, "Some GPU", capability / 10, capability % 10, driver));
  }
}
