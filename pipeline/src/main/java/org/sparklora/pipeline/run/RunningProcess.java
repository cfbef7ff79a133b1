package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process among those that a machine has had since it started, as Linux's {@code /proc} tells it:
 * no clock is read, which may step, and no host name, which containers may share.
 *
 * @param space the machine's start and the namespace in which {@code pid} is a process; empty where
 *     the system does not say
 * @param pid its number there
 * @param start when it began, in the kernel's ticks since the machine's start: tells it from a
 *     later process of that number
 */
record RunningProcess(String space, long pid, String start) {
  private static final Path PROC = Path.of("/proc");
  private static final Path FIRST = PROC.resolve("1/stat");

  /** Fields of {@code stat} behind the name, which is in brackets and may hold any character. */
  private static final int STATE = 0;

  private static final int START_TICKS = 19;
  private static final String ZOMBIE = "Z";
  private static final String DEAD = "X";

  /** This one. */
  static RunningProcess current() {
    long pid = ProcessHandle.current().pid();
    try {
      String boot = Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
      String namespace = Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString();
      boolean ofThisNamespace =
          Files.readSymbolicLink(PROC.resolve("self")).toString().equals(Long.toString(pid));
      Optional<String[]> fields = stat(pid);
      if (ofThisNamespace && fields.isPresent()) {
        return new RunningProcess(boot + " " + namespace, pid, fields.get()[START_TICKS]);
      }
    } catch (IOException | UnsupportedOperationException e) {
      // another system, or a sandbox that hides this
    }
    return new RunningProcess("", pid, "");
  }

  /** Whether it runs; empty if that cannot be told from here. */
  Optional<Boolean> isRunning() {
    if (space.isEmpty() || !space.equals(current().space()) || !Files.isReadable(FIRST)) {
      return Optional.empty(); // without the first one, the system hides other users' processes
    }
    return Optional.of(
        stat(pid)
            .filter(fields -> !fields[STATE].equals(ZOMBIE) && !fields[STATE].equals(DEAD))
            .filter(fields -> fields[START_TICKS].equals(start))
            .isPresent());
  }

  private static Optional<String[]> stat(long pid) {
    try {
      String line = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
      String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split(" ");
      return fields.length > START_TICKS ? Optional.of(fields) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
