package org.sparklora.pipeline.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Notes on flags that have no effect without another flag. TRL ignores such flags silently; a note
 * is needed since {@code --lora_r 64} without {@code --use_peft} trains all weights.
 */
final class IdleFlags {
  private IdleFlags() {}

  /** One line for each flag without effect whose given value is not the default. */
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

  /** Whether the value differs from the default: files written by runs hold the defaults, too. */
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
