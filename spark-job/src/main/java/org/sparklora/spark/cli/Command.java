package org.sparklora.spark.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Settings;

/**
 * A command of {@code spark-lora}.
 *
 * @param name the word after {@code spark-lora}
 * @param summary one sentence for the help
 * @param subject the flag whose value may stand alone, before all flags; empty for none
 * @param action runs the command
 */
record Command(String name, String summary, Optional<Flag<?>> subject, Action action) {

  Command(String name, String summary, Action action) {
    this(name, summary, Optional.empty(), action);
  }

  Command of(Flag<?> flag) {
    return new Command(name, summary, Optional.of(flag), action);
  }

  /** The arguments, with the subject's flag added if its value stands alone. */
  List<String> named(List<String> arguments) {
    if (subject.isEmpty() || arguments.isEmpty() || arguments.get(0).startsWith("-")) {
      return arguments;
    }
    List<String> named = new ArrayList<>(arguments);
    named.add(0, "--" + subject.get());
    return named;
  }

  @FunctionalInterface
  interface Action {
    void run(Settings settings) throws Exception;
  }
}
