package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;

class GpuPluginTest {

  @ParameterizedTest
  @ValueSource(strings = {"0.5", "0.25", "2"})
  void refusesSharesOfAGpuAndSeveral(String amount) {
    for (String setting :
        List.of("spark.task.resource.gpu.amount", "spark.executor.resource.gpu.amount")) {
      assertThatThrownBy(() -> GpuPlugin.checkAmount(setting, amount))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(setting + " = " + amount)
          .hasMessageContaining(
              "set spark.executor.resource.gpu.amount and spark.task.resource.gpu.amount to 1");
    }
  }

  @Test
  void takesTheOnlyAddress() {
    for (String amount : List.of("0", "1", "1.0")) {
      GpuPlugin.checkAmount("spark.task.resource.gpu.amount", amount);
    }
    assertThat(GpuPlugin.only(new String[] {" 3"})).isEqualTo(3);
  }

  @Test
  void refusesSeveralDevicesAndAddressesThatAreNoNumbers() {
    assertThatThrownBy(() -> GpuPlugin.only(new String[] {"0", "1"}))
        .hasMessageContaining("spark.executor.resource.gpu.amount = 2")
        .hasMessageContaining("start more executors");
    assertThatThrownBy(() -> GpuPlugin.only(new String[] {"MIG-8f2a"}))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("[MIG-8f2a]")
        .hasMessageContaining("device numbers");
  }
}
