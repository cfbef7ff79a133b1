package org.sparklora.pipeline.config;

import java.util.Map;

/** Command names of the catalogue; a name may include a task with flags and defaults of its own. */
final class CommandNames {
  /**
   * Command → the command of whole runs whose settings it takes: {@code check} checks the settings
   * of a run, {@code update} runs a part of one.
   */
  private static final Map<String, String> WHOLE_RUNS =
      Map.of("check", "sft", "check --task grpo", "grpo", "update", "grpo");

  private CommandNames() {}

  /** The command with its task, if that has flags and defaults of its own. */
  static String withTask(String command, String task) {
    String named = command + " --task " + task;
    return WHOLE_RUNS.containsKey(named) ? named : command;
  }

  /** The command without its task. */
  static String word(String command) {
    return command.split(" ", 2)[0];
  }

  /** The command of whole runs whose settings this command takes; by default the command itself. */
  static String wholeRun(String command) {
    return WHOLE_RUNS.getOrDefault(command, command);
  }
}
