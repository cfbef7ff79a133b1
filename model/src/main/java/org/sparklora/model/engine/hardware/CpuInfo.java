package org.sparklora.model.engine.hardware;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The CPU as the operating system describes it.
 *
 * @param vendor the maker, such as {@code GenuineIntel}; empty if unknown
 * @param family the family plus the extended family, in decimal; 0 if unknown
 * @param model the model with the extended model as its upper bits
 * @param instructions names of instruction sets in Linux's spelling, such as {@code avx512bw}
 */
public record CpuInfo(String vendor, int family, int model, Set<String> instructions) {
  static final CpuInfo UNKNOWN = new CpuInfo("", 0, 0, Set.of());

  private static final Path LINUX = Path.of("/proc/cpuinfo");
  private static final String INTEL = "GenuineIntel";
  private static final String AMD = "AuthenticAMD";

  /** The CPU of this node; on Windows only the vendor is known. */
  public static CpuInfo here() {
    String windows = System.getenv("PROCESSOR_IDENTIFIER");
    return windows == null
        ? read(LINUX)
        : new CpuInfo(windows.contains(INTEL) ? INTEL : "", 0, 0, Set.of());
  }

  /** The first CPU of a file like {@code /proc/cpuinfo}; unknown if not readable in that form. */
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

  public boolean isIntel() {
    return vendor.equals(INTEL);
  }

  boolean isAmd() {
    return vendor.equals(AMD);
  }
}
