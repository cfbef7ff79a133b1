package org.sparklora.spark.cli;

import java.util.Locale;

/** The line in which a command without other results says, on standard error, what it wrote. */
final class Written {
  private static final double NANOS = 1e9;

  private final long started = System.nanoTime();

  /**
   * @param target file or folder
   * @param what stands there now
   */
  void say(String target, String what) {
    double seconds = (System.nanoTime() - started) / NANOS;
    System.err.println(String.format(Locale.ROOT, "%s: %s, %.1f s", target, what, seconds));
  }
}
