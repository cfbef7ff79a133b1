package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuVendorTest {
  @TempDir private Path folder;

  private boolean isIntel(String vendor) throws IOException {
    return CpuVendor.isIntel(
        Files.writeString(
            folder.resolve("cpuinfo"),
            "processor\t: 0\nvendor_id\t: %s\nflags\t: fpu\n".formatted(vendor)));
  }

  @Test
  void readsTheVendorThatLinuxNames() throws IOException {
    assertThat(isIntel("GenuineIntel")).isTrue();
    assertThat(isIntel("AuthenticAMD")).isFalse();
  }

  @Test
  void aFileThatIsMissingIsNotIntels() {
    assertThat(CpuVendor.isIntel(folder.resolve("nothing"))).isFalse();
  }
}
