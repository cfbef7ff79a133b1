package org.sparklora.spark.cli;

import java.io.File;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The terminal that this process writes to, if any. */
final class Terminal {
  private static final File TTY = new File("/dev/tty");

  /** Rows and columns, as stty prints them. */
  private static final Pattern SIZE = Pattern.compile("\\d+ (\\d+)");

  /** A smaller width is ignored as misread. */
  private static final int LEAST_COLUMNS = 40;

  private static final int PATIENCE_SECONDS = 1;

  private Terminal() {}

  /** The terminal's width, or {@code otherwise} if it is unknown. */
  static int columns(int otherwise) {
    return Optional.ofNullable(System.getenv("COLUMNS"))
        .filter(text -> text.matches("\\d{1,4}"))
        .map(Integer::valueOf)
        .or(Terminal::measured)
        .filter(columns -> columns >= LEAST_COLUMNS)
        .orElse(otherwise);
  }

  private static Optional<Integer> measured() {
    if (System.console() == null) {
      return Optional.empty();
    }
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(TTY)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        stty.destroy();
        return Optional.empty();
      }
      Matcher size = SIZE.matcher(stty.inputReader().readLine() + "");
      return size.matches() ? Optional.of(Integer.valueOf(size.group(1))) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // no stty; the default width serves
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
