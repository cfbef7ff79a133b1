package org.sparklora.spark;

import java.util.List;
import org.sparklora.pipeline.config.Settings;

/**
 * A word after {@code spark-lora}.
 *
 * @param name the word
 * @param summary what it does, in a sentence
 * @param presets flags that hold unless the user gives them
 * @param action what runs
 */
record Command(String name, String summary, List<String> presets, Action action) {

  Command(String name, String summary, Action action) {
    this(name, summary, List.of(), action);
  }

  /** Runs with a user's settings. */
  @FunctionalInterface
  interface Action {
    void run(Settings settings) throws Exception;
  }
}
