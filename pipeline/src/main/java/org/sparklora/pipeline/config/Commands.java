package org.sparklora.pipeline.config;

import java.util.Map;

/** Commands as the catalogue knows them: a task may stand for flags and defaults of its own. */
final class Commands {
  /**
   * {@code check} looks at the settings of a run, {@code update} is a part of one: they take all
   * settings of the run's command.
   */
  private static final Map<String, String> WHOLE_RUNS =
      Map.of("check", "sft", "check --task grpo", "grpo", "update", "grpo");

  private Commands() {}

  /** The command with its task, if that has flags and defaults of its own. */
  static String withTask(String command, String task) {
    String named = command + " --task " + task;
    return WHOLE_RUNS.containsKey(named) ? named : command;
  }

  /** The command without its task. */
  static String word(String command) {
    return command.split(" ", 2)[0];
  }

  /** The command whose runs this one is about: itself, or another. */
  static String wholeRun(String command) {
    return WHOLE_RUNS.getOrDefault(command, command);
  }
}
