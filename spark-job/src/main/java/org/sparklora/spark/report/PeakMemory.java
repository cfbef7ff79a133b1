package org.sparklora.spark.report;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;

/**
 * The most memory that this JVM has used, in bytes: {@code peak_memory_heap} (the sum of its heap
 * pools' peaks, which need not have come at one time), {@code peak_memory_off_heap} (JavaCPP's and
 * direct buffers, as {@link #sample} found them) and {@code peak_memory_process} (what the
 * operating system counts as resident, on Linux). Not thread-safe.
 */
public final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String HIGH_WATER_MARK = "VmHWM:";

  private long offHeapBytes;

  /** Looks at the memory that keeps no peak of its own. */
  public void sample() {
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    offHeapBytes = Math.max(offHeapBytes, Pointer.totalBytes() + direct);
  }

  /** The peaks so far, by name. */
  public Map<String, Long> metrics() {
    sample();
    Map<String, Long> metrics = new LinkedHashMap<>();
    metrics.put(
        "peak_memory_heap",
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getPeakUsage)
            .mapToLong(java.lang.management.MemoryUsage::getUsed)
            .sum());
    metrics.put("peak_memory_off_heap", offHeapBytes);
    process().ifPresent(bytes -> metrics.put("peak_memory_process", bytes));
    return metrics;
  }

  private static Optional<Long> process() {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(HIGH_WATER_MARK))
          .map(line -> line.replaceAll("\\D", ""))
          .map(kilobytes -> Long.parseLong(kilobytes) * 1024)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // not a Linux system
    }
  }
}
