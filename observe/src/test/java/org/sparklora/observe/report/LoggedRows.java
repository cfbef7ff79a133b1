package org.sparklora.observe.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.CompletionsTable;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;

/** Completions of a run, as {@code --log_completions} writes them. */
final class LoggedRows {
  private LoggedRows() {}

  /** Texts of {@code step 3, row 0} and rewards of row mod 3: 0, 0.5, 1; the last one is none. */
  static void write(Path run, int step, int rows) throws IOException {
    write(
        run,
        step,
        IntStream.range(0, rows)
            .mapToObj(
                row ->
                    row(
                        "step %d, row %d".formatted(step, row),
                        row == rows - 1 ? Double.NaN : row % 3 / 2.0))
            .toList());
  }

  static void write(Path run, int step, List<ScoredGeneration> rows) throws IOException {
    Path folder = Files.createDirectories(run.resolve(RunFolder.COMPLETIONS));
    Path file = folder.resolve(CompletionsTable.fileName(step));
    CompletionsTable.write(
        new Configuration(), new org.apache.hadoop.fs.Path(file.toUri()), step, rows);
  }

  /** Completions as a round keeps them. */
  static void writeRound(Path run, int round, String table, List<ScoredGeneration> rows)
      throws IOException {
    Path folder =
        Files.createDirectories(
            run.resolve(RunFolder.ROUNDS).resolve("round-%04d".formatted(round)).resolve(table));
    GenerationTable.writeScored(
        new Configuration(), folder.resolve("part-00000.parquet").toUri().toString(), rows);
  }

  static ScoredGeneration row(String text, double reward) {
    Map<String, Double> rewards = new LinkedHashMap<>();
    rewards.put("accuracy_reward", reward);
    rewards.put("length_reward", -1.0);
    return row(text, rewards);
  }

  static ScoredGeneration row(String text, Map<String, Double> rewards) {
    return new ScoredGeneration(
        new Generation(
            new Prompt(0, "What is 1+1?", new int[] {5}, Optional.of("2"), Map.of()),
            0,
            text,
            new int[] {7},
            new float[] {-1},
            Generation.EOS),
        rewards,
        new ScoredGeneration.Judged(Verdict.CORRECT, "equal", "2", "2", 0.01),
        rewards.values().iterator().next(),
        0.5,
        false);
  }
}
