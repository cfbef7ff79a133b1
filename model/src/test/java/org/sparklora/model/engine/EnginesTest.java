package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.sparklora.model.config.InvalidSetting;

class EnginesTest {

  @Test
  void opensTheEngineThatIsNamed() {
    assertThat(Engines.open("reference", 2).description()).startsWith("reference");
    Engine vector = Engines.open("Vector", 2);
    assertThat(vector.description()).contains("oneDNN gemm, 2 threads");
  }

  /** With it, each JVM would warn of it on standard error. */
  @Test
  void vectorEnginesNeedNoFlagForTheirModule() {
    assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isEmpty();
    assertThat(Engines.open("vector", 1).description()).startsWith("vector");
  }

  @Test
  void refusesUnknownNamesAndNoThreads() {
    assertThatThrownBy(() -> Engines.open("cuda", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lora.engine = cuda")
        .hasMessageContaining("are called vector, reference");
    assertThatThrownBy(() -> Engines.open("vector", 0)).hasMessageContaining("lora.threads");
  }

  /** ND4J without a library for the platform fails so, with the reason in the cause alone. */
  @Test
  void anEngineWhoseLibrariesAreMissingIsNamedWithReasonAndRemedy() {
    Throwable reason = new IllegalStateException("no jnind4jcpu in java.library.path\nat C++");
    EngineProvider broken =
        new EngineProvider() {
          @Override
          public String name() {
            return "nd4j";
          }

          @Override
          public Kernels open(int threads) {
            throw new ExceptionInInitializerError(reason);
          }
        };
    assertThatThrownBy(() -> Engines.open(broken, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("engine nd4j for " + Loader.getPlatform())
        .hasMessageContaining("no jnind4jcpu in java.library.path; build for this platform")
        .hasMessageContaining("another engine in lora.engine");
  }

  @Test
  void anEngineThatThisBuildHasNotIsNotChosen() {
    assertThatThrownBy(() -> EngineChoice.of(Optional.of("torch"), false))
        .isInstanceOf(InvalidSetting.class)
        .hasMessageContaining("engine = torch")
        .hasMessageContaining("are called vector, reference; torch needs -Ptorch or -Pcuda");
  }

  @Test
  void oneInstanceServesAllWhoChooseTheSame() {
    EngineChoice vector = EngineChoice.of(Optional.of("Vector"), true);
    EngineChoice reference = EngineChoice.of(Optional.of("reference"), false);
    assertThat(Engines.of(EngineChoice.USUAL)).isSameAs(Engines.of(EngineChoice.USUAL));
    assertThat(Engines.of(vector))
        .as("it gives the same bits in any case")
        .isSameAs(Engines.host());
    assertThat(Engines.of(reference)).isSameAs(Engines.of(reference));
    assertThat(Engines.of(reference).description()).startsWith("reference");
    assertThat(Engines.of(vector).description()).startsWith("vector");
  }
}
