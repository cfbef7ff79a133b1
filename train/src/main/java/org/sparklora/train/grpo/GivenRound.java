package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;

/** Sorts a table of advantages that other commands made into the order of a round. */
public final class GivenRound {
  private GivenRound() {}

  /**
   * The rows of a table in the order in which a run draws them.
   *
   * @param prompts ids of the round's prompts, in order
   * @param groupSize completions a prompt
   * @param table its name, for errors
   * @throws TableException if the table is of another round, or incomplete
   */
  public static List<ScoredGeneration> inOrder(
      List<ScoredGeneration> rows, int[] prompts, int groupSize, String table) {
    Map<Long, List<ScoredGeneration>> groups =
        rows.stream().collect(Collectors.groupingBy(row -> row.generation().prompt().id()));
    List<ScoredGeneration> ordered = new ArrayList<>();
    for (int prompt : prompts) {
      List<ScoredGeneration> group = groups.getOrDefault((long) prompt, List.of());
      int[] indices = group.stream().mapToInt(row -> row.generation().index()).sorted().toArray();
      if (!Arrays.equals(indices, IntStream.range(0, groupSize).toArray())) {
        throw new TableException(
            "Cannot train on %s: of prompt %s, which this round is to have, it holds the completions %s instead of %s; generate with the run's --num_generations, and with --round"
                .formatted(table, prompt, Arrays.toString(indices), groupSize));
      }
      group.stream()
          .sorted(Comparator.comparingInt(row -> row.generation().index()))
          .forEach(ordered::add);
    }
    if (ordered.size() < rows.size()) {
      throw new TableException(
          "Cannot train on %s: it holds %s completions, of which only %s are of this round's prompts; generate with --round"
              .formatted(table, rows.size(), ordered.size()));
    }
    return ordered;
  }
}
