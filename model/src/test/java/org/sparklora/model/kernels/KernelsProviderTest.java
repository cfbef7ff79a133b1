package org.sparklora.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelsProviderTest {

  @Test
  void makesTheKernelsThatAreNamed() {
    assertThat(KernelsProvider.create("reference", 2)).isInstanceOf(ReferenceKernels.class);
    assertThat(KernelsProvider.create("nd4j", 1)).isInstanceOf(Nd4jKernels.class);
    Kernels vector = KernelsProvider.create("Vector", 2);
    assertThat(vector).isInstanceOf(VectorKernels.class);
    assertThat(vector.description()).contains("oneDNN gemm, 2 threads");
  }

  /** With it, each JVM would warn of it on standard error. */
  @Test
  void vectorKernelsNeedNoFlagForTheirModule() {
    assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isEmpty();
    assertThat(VectorModule.isLoaded()).isTrue();
  }

  @Test
  void refusesUnknownNamesAndNoThreads() {
    assertThatThrownBy(() -> KernelsProvider.create("cuda", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lora.kernels = cuda")
        .hasMessageContaining("vector, nd4j and reference");
    assertThatThrownBy(() -> KernelsProvider.create("vector", 0))
        .hasMessageContaining("lora.threads");
  }

  @Test
  void oneInstanceServesTheWholeJvm() {
    assertThat(KernelsProvider.kernels()).isSameAs(KernelsProvider.kernels());
  }
}
