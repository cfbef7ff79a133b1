package org.sparklora.pipeline.config;

import java.util.List;

/** The answer to {@code --help}: a command's supported flags by group, with defaults. */
public final class HelpText {
  private static final int COLUMN = 38;

  private HelpText() {}

  /**
   * The help of a command.
   *
   * @param summary what the command does, in a sentence
   */
  public static String of(String command, String summary) {
    List<Flag> flags = FlagCatalog.shared().of(command);
    StringBuilder text = new StringBuilder("spark-lora %s: %s%n".formatted(command, summary));
    String group = "";
    for (Flag flag : flags) {
      if (flag.status(command) != Flag.Status.SUPPORTED) {
        continue;
      }
      if (!flag.group().equals(group)) {
        group = flag.group();
        text.append("%n%s%n".formatted(group));
      }
      String name =
          "  --%s%s"
              .formatted(
                  flag.name(),
                  flag.defaultValue(command).map(value -> " [" + value + "]").orElse(""));
      text.append(("%-" + COLUMN + "s %s%n").formatted(name, flag.note(command)));
    }
    long others =
        flags.stream().filter(flag -> flag.status(command) == Flag.Status.ACCEPTED).count();
    if (others > 0) {
      text.append(
          "%nTRL's other flags are accepted where they change nothing (%d of them) and refused by name where they would.%n"
              .formatted(others));
    }
    return text.toString();
  }
}
