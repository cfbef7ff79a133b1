package org.sparklora.observe.estimate;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that the training process may use.
 *
 * @param grantor machine or cluster that grants the memory
 * @param total bytes
 * @param available bytes of {@code total} that are free now
 */
public record MachineMemory(Grantor grantor, long total, long available) {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Pattern MEM_AVAILABLE =
      Pattern.compile("^MemAvailable:\\s+(\\d+) kB", Pattern.MULTILINE);
  private static final int BYTES_PER_KB = 1024;

  /** Machine or cluster that grants the memory. */
  public enum Grantor {
    /** Training runs in this JVM: memory of its machine or container. */
    THIS_MACHINE("this machine"),
    /** Training runs on executors: memory that the cluster grants to each. */
    CLUSTER("an executor");

    private final String holder;

    Grantor(String holder) {
      this.holder = holder;
    }

    /** The process or machine with the memory, for messages. */
    String holder() {
      return holder;
    }
  }

  /** The memory of this JVM's machine or container. */
  public static MachineMemory here() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long total = system.getTotalMemorySize();
    long available = Math.min(total, availableHere(system.getFreeMemorySize()));
    return new MachineMemory(Grantor.THIS_MACHINE, total, available);
  }

  /** The memory that a cluster grants to each executor. */
  public static MachineMemory ofExecutors(long bytes) {
    return new MachineMemory(Grantor.CLUSTER, bytes, bytes);
  }

  /** On Linux includes caches that the kernel could free; elsewhere only unused memory. */
  private static long availableHere(long free) {
    if (!Files.isReadable(MEMINFO)) {
      return free;
    }
    try {
      Matcher line = MEM_AVAILABLE.matcher(Files.readString(MEMINFO));
      return line.find() ? Long.parseLong(line.group(1)) * BYTES_PER_KB : free;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
