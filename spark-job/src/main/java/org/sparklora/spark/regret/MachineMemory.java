package org.sparklora.spark.regret;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that the training process can have.
 *
 * @param grantor who grants it
 * @param total bytes
 * @param available bytes of it that nothing else uses now
 */
public record MachineMemory(Grantor grantor, long total, long available) {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Pattern MEM_AVAILABLE =
      Pattern.compile("^MemAvailable:\\s+(\\d+) kB", Pattern.MULTILINE);
  private static final int BYTES_PER_KB = 1024;

  /** Who grants the memory. */
  public enum Grantor {
    /** The machine, or the container, that this JVM runs in; it trains here. */
    THIS_MACHINE("this machine"),
    /** A cluster, to each executor; training is there. */
    CLUSTER("an executor");

    private final String holder;

    Grantor(String holder) {
      this.holder = holder;
    }

    /** Who has the memory, for messages. */
    String holder() {
      return holder;
    }
  }

  /** This machine's, or that of the container this JVM is confined to. */
  public static MachineMemory here() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long total = system.getTotalMemorySize();
    long available = Math.min(total, availableHere(system.getFreeMemorySize()));
    return new MachineMemory(Grantor.THIS_MACHINE, total, available);
  }

  /** What a cluster grants each executor. */
  public static MachineMemory ofExecutors(long bytes) {
    return new MachineMemory(Grantor.CLUSTER, bytes, bytes);
  }

  /** Linux tells what it could free of its caches; elsewhere only what is unused counts. */
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
