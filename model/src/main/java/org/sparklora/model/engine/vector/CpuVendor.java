package org.sparklora.model.engine.vector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Who made this machine's CPU. */
final class CpuVendor {
  private static final Path LINUX = Path.of("/proc/cpuinfo");
  private static final String INTEL = "GenuineIntel";

  private CpuVendor() {}

  /** True if the system names Intel as its CPU's maker. */
  static boolean isIntel() {
    String windows = System.getenv("PROCESSOR_IDENTIFIER");
    return windows == null ? isIntel(LINUX) : windows.contains(INTEL);
  }

  /**
   * @param cpuInfo in the form of Linux's {@code /proc/cpuinfo}; if it cannot be read the answer is
   *     no
   */
  static boolean isIntel(Path cpuInfo) {
    try (Stream<String> lines = Files.lines(cpuInfo)) {
      return lines.anyMatch(line -> line.startsWith("vendor_id") && line.endsWith(INTEL));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }
}
