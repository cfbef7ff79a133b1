package org.sparklora.model.engine.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuInfoTest {
  private static final String AVX512 = "avx2 avx512f avx512cd avx512bw avx512dq avx512vl";

  @TempDir private Path folder;

  private CpuInfo cpu(String vendor, int family, int model, String flags) throws IOException {
    String first =
        "vendor_id\t: %s\ncpu family\t: %s\nmodel\t\t: %s\nmodel name\t: a CPU: new\nflags\t\t: %s\n"
            .formatted(vendor, family, model, flags);
    return CpuInfo.read(
        Files.writeString(
            folder.resolve("cpuinfo"),
            "processor\t: 0\n" + first + "\nprocessor\t: 1\n" + first.replace("fpu", "")));
  }

  @Test
  void readsTheFirstCpuThatLinuxDescribes() throws IOException {
    assertThat(cpu("GenuineIntel", 6, 207, "fpu avx2"))
        .isEqualTo(new CpuInfo("GenuineIntel", 6, 207, Set.of("fpu", "avx2")));
    assertThat(cpu("GenuineIntel", 6, 207, "fpu").isIntel()).isTrue();
    assertThat(cpu("AuthenticAMD", 26, 2, "fpu").isIntel()).isFalse();
  }

  @Test
  void ofAFileThatIsMissingOrHasAnotherFormNothingIsKnown() throws IOException {
    assertThat(CpuInfo.read(folder.resolve("nothing"))).isEqualTo(CpuInfo.UNKNOWN);
    Path arm = Files.writeString(folder.resolve("arm"), "processor\t: 0\nmodel\t: v8\n");
    assertThat(CpuInfo.read(arm)).isEqualTo(CpuInfo.UNKNOWN);
  }

  /** Models by Intel's and AMD's numbers; those that OpenBLAS 0.3.19 knows choose themselves. */
  @ParameterizedTest
  @CsvSource({
    "GenuineIntel, 6, 143, true, ''", // Sapphire Rapids
    "GenuineIntel, 6, 207, true, SKYLAKEX", // Emerald Rapids
    "GenuineIntel, 6, 183, false, HASWELL", // Raptor Lake
    "GenuineIntel, 6, 167, true, ''", // Rocket Lake
    "GenuineIntel, 6, 170, false, HASWELL", // Meteor Lake
    "GenuineIntel, 6, 173, true, SKYLAKEX", // Granite Rapids
    "GenuineIntel, 6, 175, false, HASWELL", // Sierra Forest
    "GenuineIntel, 18, 1, false, HASWELL", // Nova Lake
    "GenuineIntel, 19, 1, true, SKYLAKEX", // Diamond Rapids
    "AuthenticAMD, 25, 17, true, ''", // Zen 4
    "AuthenticAMD, 26, 2, true, ZEN", // Zen 5
    "Another, 26, 2, true, ''",
  })
  void cpusNewerThanOpenBlasAreGivenKernels(
      String vendor, int family, int model, boolean avx512, String kernels) throws IOException {
    Optional<String> wanted = Optional.of(kernels).filter(name -> !name.isEmpty());
    assertThat(OpenBlasKernels.of(cpu(vendor, family, model, avx512 ? AVX512 : "avx2")))
        .isEqualTo(wanted);
    assertThat(OpenBlasKernels.of(cpu(vendor, family, model, "sse2"))).isEmpty();
  }
}
