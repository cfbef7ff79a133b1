package org.sparklora.spark.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Settings;

/**
 * A word after {@code spark-lora}.
 *
 * @param name the word
 * @param summary what it does, in a sentence
 * @param presets flags that hold unless the user gives them
 * @param subject the flag whose value may stand alone, before all flags; empty for none
 * @param action what runs
 */
record Command(
    String name, String summary, List<String> presets, Optional<Flag<?>> subject, Action action) {

  Command(String name, String summary, Action action) {
    this(name, summary, List.of(), action);
  }

  Command(String name, String summary, List<String> presets, Action action) {
    this(name, summary, presets, Optional.empty(), action);
  }

  /** The same command of a subject. */
  Command of(Flag<?> flag) {
    return new Command(name, summary, presets, Optional.of(flag), action);
  }

  /** The arguments, with the subject's flag before it where it stands alone. */
  List<String> named(List<String> arguments) {
    if (subject.isEmpty() || arguments.isEmpty() || arguments.get(0).startsWith("-")) {
      return arguments;
    }
    List<String> named = new ArrayList<>(arguments);
    named.add(0, "--" + subject.get());
    return named;
  }

  /** Runs with a user's settings. */
  @FunctionalInterface
  interface Action {
    void run(Settings settings) throws Exception;
  }
}
