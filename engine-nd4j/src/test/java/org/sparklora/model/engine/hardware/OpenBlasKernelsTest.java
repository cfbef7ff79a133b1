package org.sparklora.model.engine.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

class OpenBlasKernelsTest {
  /** A process whose OpenBLAS says which kernels it takes. */
  static final class Telling {
    public static void main(String[] kernels) {
      OpenBlasKernels.set(kernels[0]);
      Loader.load(openblas.class);
    }
  }

  /** Two kinds that every CPU with SSE3 has, neither of which a CPU of today would choose. */
  @Test
  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
  void takesTheKernelsThatItIsTold() throws Exception {
    assertThat(told("PRESCOTT")).contains("Core: Prescott");
    assertThat(told("CORE2")).contains("Core: Core2");
  }

  private static List<String> told(String kernels) throws Exception {
    ProcessBuilder telling =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Telling.class.getName(),
                kernels)
            .redirectErrorStream(true);
    telling.environment().remove(OpenBlasKernels.VARIABLE);
    telling.environment().put("OPENBLAS_VERBOSE", "2");
    return telling.start().inputReader().lines().toList();
  }
}
