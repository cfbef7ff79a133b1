package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host of 200 GiB, of which 180 are free, and containers of 16 GiB that use 15. */
class MachineMemoryTest {
  private static final long GIB = 1L << 30;

  @TempDir private Path root;

  @BeforeEach
  void writeTheHosts() throws IOException {
    write(
        "proc/meminfo",
        """
        MemTotal:       209715200 kB
        MemFree:         10485760 kB
        MemAvailable:   188743680 kB
        """);
  }

  private void write(String file, String content) throws IOException {
    Files.createDirectories(root.resolve(file).getParent());
    Files.writeString(root.resolve(file), content);
  }

  private long available(long total) {
    return MachineMemory.available(root, total, GIB);
  }

  @Test
  void aContainersOwnUseCountsWithoutItsCaches() throws IOException {
    write("sys/fs/cgroup/memory.current", 15 * GIB + "\n");
    write("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file %s\n".formatted(4 * GIB));

    assertThat(available(16 * GIB)).isEqualTo(5 * GIB);
  }

  @Test
  void soItDoesInVersionOneOfCgroups() throws IOException {
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", 15 * GIB + "\n");
    write(
        "sys/fs/cgroup/memory/memory.stat",
        "inactive_file 1\ntotal_inactive_file %s\n".formatted(2 * GIB));

    assertThat(available(16 * GIB)).isEqualTo(3 * GIB);
  }

  @Test
  void withoutALimitTheHostsMemoryIsAvailable() throws IOException {
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", 150 * GIB + "\n");

    assertThat(available(200 * GIB)).isEqualTo(180 * GIB);
  }

  @Test
  void withoutLinuxOnlyUnusedMemoryIs() throws IOException {
    Files.delete(root.resolve("proc/meminfo"));

    assertThat(available(200 * GIB)).isEqualTo(GIB);
  }
}
