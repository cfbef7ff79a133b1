package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Identifies a process among all processes of a node since its boot, by Linux's {@code /proc}:
 * independent of clocks, which may step, and of host names, which containers may share.
 *
 * @param space the node's boot and the process namespace of {@code pid}; empty if unknown
 * @param pid number of the process in its namespace
 * @param start start of the process in kernel ticks since boot, which distinguishes it from later
 *     processes with this pid
 */
record RunningProcess(String space, long pid, String start) {
  private static final Path PROC = Path.of("/proc");
  private static final Path FIRST = PROC.resolve("1/stat");

  /** Index in {@code stat} after the name, which is in brackets and may hold any character. */
  private static final int STATE = 0;

  private static final int START_TICKS = 19;
  private static final String ZOMBIE = "Z";
  private static final String DEAD = "X";

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
      // not Linux, or a sandbox that hides /proc
    }
    return new RunningProcess("", pid, "");
  }

  /** Whether the process runs; empty if its namespace is not visible from here. */
  Optional<Boolean> isRunning() {
    if (space.isEmpty() || !space.equals(current().space()) || !Files.isReadable(FIRST)) {
      return Optional.empty(); // if process 1 is hidden, so are other users' processes
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
