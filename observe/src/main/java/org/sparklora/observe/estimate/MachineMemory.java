package org.sparklora.observe.estimate;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that the training process may use.
 *
 * @param total bytes
 * @param available bytes of {@code total} that are free now
 */
public record MachineMemory(Grantor grantor, long total, long available) {
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
    long available = available(Path.of("/"), total, system.getFreeMemorySize());
    return new MachineMemory(Grantor.THIS_MACHINE, total, available);
  }

  /** The memory that a cluster grants to each executor. */
  public static MachineMemory ofExecutors(long bytes) {
    return new MachineMemory(Grantor.CLUSTER, bytes, bytes);
  }

  /**
   * On Linux includes caches that the kernel could free; elsewhere only unused memory.
   *
   * @param root of the file system
   * @param total bytes of the machine, or of the container if its memory is limited
   * @param free unused bytes of the machine
   */
  static long available(Path root, long total, long free) {
    Path meminfo = root.resolve("proc/meminfo");
    OptionalLong available = find(meminfo, "MemAvailable:");
    long onMachine = available.isPresent() ? available.getAsLong() * BYTES_PER_KB : free;
    boolean isLimited = total < find(meminfo, "MemTotal:").orElse(0) * BYTES_PER_KB;
    long here = isLimited ? total - used(root.resolve("sys/fs/cgroup")) : total;
    return Math.min(onMachine, here);
  }

  /** Bytes that the container uses, without the caches that the kernel frees first. */
  private static long used(Path groups) {
    OptionalLong current = find(groups.resolve("memory.current"), "");
    if (current.isPresent()) {
      return current.getAsLong() - find(groups.resolve("memory.stat"), "inactive_file").orElse(0);
    }
    Path first = groups.resolve("memory"); // version 1
    return find(first.resolve("memory.usage_in_bytes"), "").orElse(0)
        - find(first.resolve("memory.stat"), "total_inactive_file").orElse(0);
  }

  /** The number after a word that begins a line; empty if the file or the line is missing. */
  private static OptionalLong find(Path file, String word) {
    if (!Files.isReadable(file)) {
      return OptionalLong.empty();
    }
    try {
      Matcher line =
          Pattern.compile("^" + word + "\\s*(\\d+)", Pattern.MULTILINE)
              .matcher(Files.readString(file));
      return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
