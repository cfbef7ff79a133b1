package org.sparklora.train.meter;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.Engines;

/**
 * Peak memory of this process, in bytes.
 *
 * <ul>
 *   <li>{@code peak_memory_heap}: the sum of the heap pools' peaks, which may be of different times
 *   <li>{@code peak_memory_off_heap}: weights, activations and optimizer state outside the heap;
 *       not mapped files. The largest {@link #sample}: on Linux resident anonymous memory without
 *       the heap, but at least what JavaCPP and Java's direct buffers count, which is all there is
 *       elsewhere
 *   <li>{@code peak_memory_process}: peak resident memory, mapped files included; only on Linux
 *   <li>{@code peak_memory_gpu}: the largest {@link #sample} of memory in use on this process's
 *       GPU, if it uses one
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class PeakMemory {
  static final String PREFIX = "peak_memory_";

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int KILOBYTE = 1024;

  private final Supplier<OptionalLong> gpu;
  private long offHeapBytes;
  private long gpuBytes;

  public PeakMemory() {
    this(Engines::usedDeviceBytes);
  }

  /** {@code gpu} returns the bytes in use on this process's GPU; empty without a GPU. */
  PeakMemory(Supplier<OptionalLong> gpu) {
    this.gpu = gpu;
  }

  /** Updates the off-heap and GPU peaks; the JVM and Linux record the other peaks. */
  public void sample() {
    // heap memory stays resident once it was used
    long committed = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    long heap = Math.min(committed, peakHeap());
    long now = status().getOrDefault("RssAnon", 0L) - heap;
    offHeapBytes = Math.max(offHeapBytes, Math.max(now, counted()));
    gpuBytes = Math.max(gpuBytes, gpu.get().orElse(0));
  }

  private static long peakHeap() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed())
        .sum();
  }

  /** Off-heap memory that Java allocated; does not include memory that native code allocated. */
  private static long counted() {
    return Pointer.totalBytes()
        + ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
  }

  public Map<String, Long> metrics() {
    sample();
    Map<String, Long> metrics = new LinkedHashMap<>();
    metrics.put(PREFIX + "heap", peakHeap());
    metrics.put(PREFIX + "off_heap", offHeapBytes);
    Optional.ofNullable(status().get("VmHWM"))
        .ifPresent(bytes -> metrics.put(PREFIX + "process", bytes));
    if (gpuBytes > 0) {
      metrics.put(PREFIX + "gpu", gpuBytes);
    }
    return metrics;
  }

  /** Sizes in /proc/self/status, in bytes by name; empty on systems other than Linux. */
  private static Map<String, Long> status() {
    Map<String, Long> sizes = new HashMap<>();
    try (Stream<String> lines = Files.lines(STATUS)) {
      lines
          .filter(line -> line.endsWith(" kB"))
          .map(line -> line.split(":?\\s+"))
          .forEach(words -> sizes.put(words[0], Long.parseLong(words[1]) * KILOBYTE));
      return sizes;
    } catch (IOException e) {
      return Map.of(); // not a Linux system
    }
  }
}
