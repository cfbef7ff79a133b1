package org.sparklora.spark.cli;

import java.util.Locale;

/** Prints on standard error, for a command without other results, a line on its output. */
final class Written {
  private static final double NANOS = 1e9;

  private final long started = System.nanoTime();

  /** Prints file or folder, a description of its content, and the seconds since creation. */
  void say(String target, String what) {
    double seconds = (System.nanoTime() - started) / NANOS;
    System.err.println(String.format(Locale.ROOT, "%s: %s, %.1f s", target, what, seconds));
  }
}
