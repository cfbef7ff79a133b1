package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.run.RoundFolders;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;

/**
 * The tables of a run's rounds: {@code rounds/round-0007/generations} and {@code …/advantages}. An
 * existing table, of a run that was stopped after that stage, is read instead of made again, if it
 * names the same settings and parameters.
 *
 * @param settings of the run that tables depend on
 * @param kept rounds whose tables stay; empty for all
 */
public record RoundTables(
    Configuration hadoop, RoundFolders folders, String settings, OptionalInt kept) {
  private static final String GENERATIONS = "generations";
  private static final String ADVANTAGES = "advantages";
  private static final String FILE = "part-00000.parquet";

  /**
   * Batch {@code draw} of the run: batch {@code attempt} of its round, since dynamic sampling draws
   * several, by the policy whose parameters have this checksum. Numbers are from 0.
   */
  public record Draw(int round, int attempt, int draw, String parameters) {}

  /** Writes the rows of a table's only file. */
  @FunctionalInterface
  private interface Writer<T> {
    void write(Configuration hadoop, String file, List<T> rows);
  }

  /** Reads the draw's completions if their table exists; else makes and saves them. */
  public List<Generation> generations(Draw draw, Supplier<List<Generation>> stage) {
    return table(draw, GENERATIONS, GenerationTable::read, stage, GenerationTable::write);
  }

  /** Reads the draw's advantages if their table exists; else makes and saves them. */
  public List<ScoredGeneration> advantages(Draw draw, Supplier<List<ScoredGeneration>> stage) {
    List<ScoredGeneration> rows =
        table(draw, ADVANTAGES, GenerationTable::readScored, stage, GenerationTable::writeScored);
    kept.ifPresent(count -> folders.forget(draw.round, count));
    return rows;
  }

  private <T> List<T> table(
      Draw draw,
      String name,
      BiFunction<Configuration, String, List<T>> reader,
      Supplier<List<T>> stage,
      Writer<T> writer) {
    String table = draw.attempt == 0 ? name : "%s-%s".formatted(name, draw.attempt + 1);
    String madeFrom =
        "%s%nround %s, batch %s of prompts, policy %s%n"
            .formatted(settings, draw.round, draw.draw, draw.parameters);
    if (folders.has(draw.round, table, madeFrom)) {
      return reader.apply(hadoop, folders.table(draw.round, table).toString());
    }
    List<T> rows = stage.get();
    folders.save(
        draw.round,
        table,
        madeFrom,
        local -> {
          writer.write(hadoop, local.resolve(FILE).toUri().toString(), rows);
          FileList.write(hadoop, new Path(local.toUri()));
        });
    return rows;
  }

  /**
   * Reads a table of advantages that other commands made, in the order of a round.
   *
   * @param prompts ids of the round's prompts, in order
   * @param groupSize completions a prompt
   * @throws TableException if the table is of another round, or incomplete
   */
  public List<ScoredGeneration> given(String table, int[] prompts, int groupSize) {
    List<ScoredGeneration> rows = GenerationTable.readScored(hadoop, table);
    Map<Long, List<ScoredGeneration>> groups =
        rows.stream()
            .sorted(Comparator.comparingInt(row -> row.generation().index()))
            .collect(Collectors.groupingBy(row -> row.generation().prompt().id()));
    List<ScoredGeneration> ordered = new ArrayList<>();
    for (int prompt : prompts) {
      List<ScoredGeneration> group = groups.getOrDefault((long) prompt, List.of());
      int[] indices = group.stream().mapToInt(row -> row.generation().index()).toArray();
      if (!Arrays.equals(indices, IntStream.range(0, groupSize).toArray())) {
        throw new TableException(
            "Cannot train on %s: of prompt %s, which this round is to have, it holds the completions %s instead of %s; generate with the run's --num_generations and --seed, and with --round"
                .formatted(table, prompt, Arrays.toString(indices), groupSize));
      }
      ordered.addAll(group);
    }
    if (ordered.size() < rows.size()) {
      throw new TableException(
          "Cannot train on %s: it holds %s completions, of which only %s are of this round's prompts; generate with --round"
              .formatted(table, rows.size(), ordered.size()));
    }
    return ordered;
  }

  /** The completions of an earlier round, to be shown; empty if their table is gone. */
  public List<ScoredGeneration> shown(int round) {
    return folders.has(round, ADVANTAGES)
        ? GenerationTable.readScored(hadoop, folders.table(round, ADVANTAGES).toString())
        : List.of();
  }
}
