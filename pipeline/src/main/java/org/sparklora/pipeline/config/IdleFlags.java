package org.sparklora.pipeline.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Flags that mean something only beside another one. TRL ignores them silently where that one is
 * not set; here a line says so, since {@code --lora_r 64} without {@code --use_peft} trains all
 * weights.
 */
final class IdleFlags {
  private IdleFlags() {}

  /** A line for each flag that was given another value than its default and changes nothing. */
  static List<String> notes(Settings settings) {
    List<String> notes = new ArrayList<>();
    for (Flag<?> flag : FlagCatalog.shared().of(settings.command())) {
      if (settings.isIdle(flag) && isSet(flag, settings)) {
        notes.add(
            "--%s changes nothing here: it needs %s".formatted(flag, flag.need().orElseThrow()));
      }
    }
    return notes;
  }

  /** A file that a run wrote holds the defaults, too. */
  private static boolean isSet(Flag<?> flag, Settings settings) {
    return settings.isGiven(flag)
        && !settings
            .texts(flag)
            .equals(
                flag.defaultValue(settings.command())
                    .map(flag::parse)
                    .map(List::of)
                    .orElse(List.of()));
  }
}
