package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.sparklora.hub.PlainText;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.CompletionsTable;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;

/**
 * TRL's {@code log_completions}: with each log row the completions of the latest round are printed
 * and become a table in {@code completions/}.
 *
 * @param isOn {@code log_completions}
 * @param printed {@code num_completions_to_print}; empty for all
 */
record CompletionsLog(boolean isOn, Optional<Integer> printed) {
  private static final int SHOWN_CHARACTERS = 400;

  /** Rows of the table for trackers, which the log repeats in every row. */
  private static final int TRACKED_ROWS = 8;

  static CompletionsLog of(Settings settings) {
    return new CompletionsLog(
        settings.get(Flags.LOG_COMPLETIONS), settings.find(Flags.NUM_COMPLETIONS_TO_PRINT));
  }

  /** Logs a round's completions, if there are any, after {@code step} optimizer steps. */
  void log(RunFolder folder, int step, List<ScoredGeneration> scored) {
    if (!isOn || scored.isEmpty()) {
      return;
    }
    folder.saveCompletions(
        local ->
            CompletionsTable.write(
                HadoopSettings.configuration(),
                new Path(local.resolve(CompletionsTable.fileName(step)).toUri()),
                step,
                scored));
    scored.stream().limit(printed.orElse(scored.size())).forEach(row -> print(step, row));
  }

  /**
   * The first completions of a round as trackers show them; empty without {@code log_completions}.
   */
  List<Map<String, Object>> tracked(List<ScoredGeneration> scored) {
    return isOn
        ? scored.stream().limit(TRACKED_ROWS).map(CompletionsLog::columns).toList()
        : List.of();
  }

  private static Map<String, Object> columns(ScoredGeneration row) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("prompt", shown(row.generation().prompt().text()));
    columns.put("completion", shown(row.generation().text()));
    row.rewards().forEach((name, reward) -> columns.put(name, reward.isNaN() ? null : reward));
    columns.put("advantage", row.advantage());
    return columns;
  }

  private static void print(int step, ScoredGeneration row) {
    Generation generation = row.generation();
    System.out.println(
        String.format(
            Locale.ROOT,
            "step %d, %s, advantage %.2f%n  prompt      %s%n  completion  %s",
            step,
            row.rewards().entrySet().stream()
                .map(CompletionsLog::reward)
                .collect(Collectors.joining(", ")),
            row.advantage(),
            shown(generation.prompt().text()),
            shown(generation.text())));
  }

  private static String reward(Map.Entry<String, Double> reward) {
    return reward.getValue().isNaN()
        ? reward.getKey() + " none"
        : String.format(Locale.ROOT, "%s %.2f", reward.getKey(), reward.getValue());
  }

  /** A harmless line of a text; of a long one the end, which has the question and the answer. */
  private static String shown(String text) {
    String line = PlainText.of(text).replace("\n", "\\n");
    return line.length() <= SHOWN_CHARACTERS
        ? line
        : "…" + line.substring(line.length() - SHOWN_CHARACTERS);
  }
}
