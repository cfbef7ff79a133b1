package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.hardware.CudaDevice;

class TorchProviderTest {

  @Test
  void aBuildForProcessorsUsesNoDevice() {
    assertThat(new TorchProvider().useDevice(0)).isEmpty();
    assertThat(Engines.usedDeviceBytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 86, 89, 90, 100, 120})
  void acceptsAmpereAndNewer(int capability) {
    assertThatCode(() -> check(capability, "580.65.06")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(ints = {37, 70, 75})
  void refusesWhatIsOlderAndNamesTheOtherBuild(int capability) {
    assertThatThrownBy(() -> check(capability, "580.65.06"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("compute capability %d.%d", capability / 10, capability % 10)
        .hasMessageContaining("8.0 (Ampere)")
        .hasMessageContaining("-Pnd4j-cuda");
  }

  @Test
  void refusesOldDrivers() {
    assertThatThrownBy(() -> check(90, "570.86"))
        .hasMessageContaining("CUDA 13 needs driver 580 or newer");
  }

  private static void check(int capability, String driver) {
    TorchProvider.check(new CudaDevice(1, "Some GPU", capability / 10, capability % 10, driver));
  }

  @Test
  void namesAllMissingLibrariesAtOnceAndHowToGetThem() {
    List<String> asked = new ArrayList<>();
    Predicate<String> linker =
        file -> {
          asked.add(file);
          return !file.startsWith("libcu") || file.startsWith("libcuda");
        };
    assertThatThrownBy(() -> CudaLibraries.require(linker, "/opt/cuda/lib64"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("libcublas.so.13 (CUDA 13), libcublasLt.so.13 (CUDA 13)")
        .hasMessageContaining("libcudnn.so.9 (cuDNN 9)")
        .hasMessageNotContaining("libnccl.so.2")
        .hasMessageContaining("LD_LIBRARY_PATH (/opt/cuda/lib64)")
        .hasMessageContaining("nvidia/cuda:13")
        .hasMessageContaining("spark.executorEnv.LD_LIBRARY_PATH");
    assertThat(asked).contains("libcuda.so.1", "libnccl.so.2");
    assertThatCode(() -> CudaLibraries.require(file -> true, null)).doesNotThrowAnyException();
    assertThatThrownBy(() -> CudaLibraries.require(file -> false, null))
        .hasMessageContaining("LD_LIBRARY_PATH (not set)");
  }
}
