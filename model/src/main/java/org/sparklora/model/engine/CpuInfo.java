package org.sparklora.model.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the operating system says of its CPU.
 *
 * @param vendor who made it, such as {@code GenuineIntel}; empty where nothing is known
 * @param family the family with the extended one added, in decimal; 0 where nothing is known
 * @param model the model with the extended one before it
 * @param instructions names of instruction sets in Linux's spelling, such as {@code avx512bw}
 */
public record CpuInfo(String vendor, int family, int model, Set<String> instructions) {
  static final CpuInfo UNKNOWN = new CpuInfo("", 0, 0, Set.of());

  private static final Path LINUX = Path.of("/proc/cpuinfo");
  private static final String INTEL = "GenuineIntel";
  private static final String AMD = "AuthenticAMD";

  /** This machine's; on Windows its maker alone. */
  public static CpuInfo here() {
    String windows = System.getenv("PROCESSOR_IDENTIFIER");
    return windows == null
        ? read(LINUX)
        : new CpuInfo(windows.contains(INTEL) ? INTEL : "", 0, 0, Set.of());
  }

  /**
   * The first CPU of a file in the form of Linux's {@code /proc/cpuinfo}; one of which nothing is
   * known if the file cannot be read or has another form.
   */
  static CpuInfo read(Path cpuInfo) {
    Map<String, String> fields = new HashMap<>();
    try (Stream<String> lines = Files.lines(cpuInfo)) {
      lines
          .takeWhile(line -> !line.isBlank())
          .map(line -> line.split("\\s*:\\s*", 2))
          .filter(field -> field.length == 2)
          .forEach(field -> fields.put(field[0], field[1]));
      return new CpuInfo(
          fields.getOrDefault("vendor_id", ""),
          Integer.parseInt(fields.getOrDefault("cpu family", "0")),
          Integer.parseInt(fields.getOrDefault("model", "0")),
          Set.of(fields.getOrDefault("flags", "").split(" ")));
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      return UNKNOWN;
    }
  }

  /** True if Intel made it. */
  public boolean isIntel() {
    return vendor.equals(INTEL);
  }

  /** True if AMD made it. */
  boolean isAmd() {
    return vendor.equals(AMD);
  }
}
