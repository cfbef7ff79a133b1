package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.sparklora.pipeline.table.ScoredGeneration.Judged;

/**
 * Folders of Parquet files with the {@code generations} of a round, or with the {@code advantages}
 * computed from them. A table fits into memory: a round is trained on as a whole. Both have the
 * columns of a prompt (see {@link PromptTable}) and
 *
 * <pre>
 * completion_index  int32            which of the prompt's completions, from 0
 * completion        string           without special tokens
 * completion_ids    list of int32    its tokens
 * logprobs          list of float    of each token
 * stop_reason       string           eos, length or pad
 * generator         string           spark-lora, vllm or another program
 * policy_version    int32            optimizer steps of the policy that drew it
 * sampling_seed     int64            of the table's random numbers
 * </pre>
 *
 * <p>Tables without the last three are read as those of spark-lora and an untrained policy.
 *
 * <p>The {@code reward} command adds
 *
 * <pre>
 * rewards/NAME    double, may be null  each reward
 * verdict, reason, gold_parsed, answer_parsed   string
 * judge_seconds   double
 * reward          double, may be null  their weighted sum
 * advantage       double
 * group_zero_std  boolean              all advantages of the group are 0
 * </pre>
 */
public final class GenerationTable {
  private static final String INDEX = "completion_index";
  private static final String COMPLETION = "completion";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String LOG_PROBS = "logprobs";
  private static final String STOP_REASON = "stop_reason";
  private static final String GENERATOR = "generator";
  private static final String POLICY_VERSION = "policy_version";
  private static final String SEED = "sampling_seed";

  private static final MessageType SCHEMA =
      PromptTable.SCHEMA.union(
          new MessageType(
              "generations",
              Types.required(PrimitiveTypeName.INT32).named(INDEX),
              Cells.text(Type.Repetition.REQUIRED, COMPLETION),
              Cells.ints(COMPLETION_IDS),
              Cells.floats(LOG_PROBS),
              Cells.text(Type.Repetition.REQUIRED, STOP_REASON),
              Cells.text(Type.Repetition.OPTIONAL, GENERATOR),
              Types.optional(PrimitiveTypeName.INT32).named(POLICY_VERSION),
              Types.optional(PrimitiveTypeName.INT64).named(SEED)));

  private static final String REWARDS = "rewards/";
  private static final String VERDICT = "verdict";
  private static final String REASON = "reason";
  private static final String GOLD = "gold_parsed";
  private static final String ANSWER = "answer_parsed";
  private static final String SECONDS = "judge_seconds";
  private static final String REWARD = "reward";
  private static final String ADVANTAGE = "advantage";
  private static final String ZERO_STD = "group_zero_std";

  private GenerationTable() {}

  public static void write(Configuration configuration, String file, List<Generation> rows) {
    RowFile.write(configuration, new Path(file), SCHEMA, rows, GenerationTable::fill);
  }

  /** All generations of a folder, in the order of the files and their rows. */
  public static List<Generation> read(Configuration configuration, String folder) {
    return FileList.parquet(configuration, folder, "generations", "generate").stream()
        .flatMap(
            file ->
                RowFile.read(configuration, file, "generate", GenerationTable::generation).stream())
        .toList();
  }

  /** Writes one file of advantages; all rows must have rewards of the same names. */
  public static void writeScored(
      Configuration configuration, String file, List<ScoredGeneration> rows) {
    Set<String> rewards = new LinkedHashSet<>();
    rows.forEach(row -> rewards.addAll(row.rewards().keySet()));
    RowFile.write(
        configuration, new Path(file), schema(rewards), rows, GenerationTable::fillScored);
  }

  /** All advantages of a folder, in the order of the files and their rows. */
  public static List<ScoredGeneration> readScored(Configuration configuration, String folder) {
    return scoredFiles(configuration, folder).stream()
        .flatMap(file -> readScoredFile(configuration, file).stream())
        .toList();
  }

  public static List<ScoredGeneration> readScoredFile(Configuration configuration, String file) {
    return RowFile.read(configuration, file, "reward", GenerationTable::scored);
  }

  /**
   * Checks that a folder holds a table of advantages.
   *
   * @throws TableException when there is no such folder, or no Parquet file in it
   */
  public static void requireScored(Configuration configuration, String folder) {
    scoredFiles(configuration, folder);
  }

  private static List<String> scoredFiles(Configuration configuration, String folder) {
    return FileList.parquet(configuration, folder, "advantages", "reward");
  }

  private static void fill(Group group, Generation row) {
    PromptTable.fill(group, row.prompt());
    group.add(INDEX, row.index());
    group.add(COMPLETION, row.text());
    Cells.put(group, COMPLETION_IDS, row.tokens());
    Cells.put(group, LOG_PROBS, row.logProbs());
    group.add(STOP_REASON, row.stopReason());
    group.add(GENERATOR, row.origin().generator());
    group.add(POLICY_VERSION, row.origin().policyVersion());
    group.add(SEED, row.origin().seed());
  }

  private static Generation generation(Group group) {
    return new Generation(
        PromptTable.prompt(group),
        group.getInteger(INDEX, 0),
        group.getString(COMPLETION, 0),
        Cells.ints(group, COMPLETION_IDS),
        Cells.floats(group, LOG_PROBS),
        new Generation.Origin(
            group.getString(STOP_REASON, 0),
            Cells.has(group, GENERATOR) ? group.getString(GENERATOR, 0) : Generation.DECODER,
            Cells.has(group, POLICY_VERSION) ? group.getInteger(POLICY_VERSION, 0) : 0,
            Cells.has(group, SEED) ? group.getLong(SEED, 0) : 0));
  }

  /** The schema for reward functions of these names. */
  private static MessageType schema(Iterable<String> rewards) {
    List<Type> added = new ArrayList<>();
    rewards.forEach(name -> added.add(Cells.number(REWARDS + name)));
    for (String text : List.of(VERDICT, REASON, GOLD, ANSWER)) {
      added.add(Cells.text(Type.Repetition.OPTIONAL, text));
    }
    for (String number : List.of(SECONDS, REWARD, ADVANTAGE)) {
      added.add(Cells.number(number));
    }
    added.add(Types.optional(PrimitiveTypeName.BOOLEAN).named(ZERO_STD));
    return SCHEMA.union(new MessageType("advantages", added));
  }

  private static void fillScored(Group group, ScoredGeneration row) {
    fill(group, row.generation());
    row.rewards().forEach((name, reward) -> Cells.put(group, REWARDS + name, reward));
    group.add(VERDICT, row.judged().verdict().text());
    group.add(REASON, row.judged().reason());
    group.add(GOLD, row.judged().goldParsed());
    group.add(ANSWER, row.judged().answerParsed());
    group.add(SECONDS, row.judged().seconds());
    Cells.put(group, REWARD, row.reward());
    group.add(ADVANTAGE, row.advantage());
    group.add(ZERO_STD, row.groupIsFlat());
  }

  private static ScoredGeneration scored(Group group) {
    return new ScoredGeneration(
        generation(group),
        rewards(group),
        new Judged(
            verdict(Cells.text(group, VERDICT)),
            Cells.text(group, REASON),
            Cells.text(group, GOLD),
            Cells.text(group, ANSWER),
            Cells.number(group, SECONDS)),
        Cells.number(group, REWARD),
        group.getDouble(ADVANTAGE, 0),
        group.getBoolean(ZERO_STD, 0));
  }

  /** The rewards of a row by function, in the columns' order; NaN: not judged. */
  static Map<String, Double> rewards(Group group) {
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (Type column : group.getType().getFields()) {
      String name = column.getName();
      if (name.startsWith(REWARDS)) {
        rewards.put(name.substring(REWARDS.length()), Cells.number(group, name));
      }
    }
    return rewards;
  }

  /** The verdict of a row; {@link Verdict#SCORED} for rewards without verdicts. */
  private static Verdict verdict(String text) {
    return text.isEmpty() ? Verdict.SCORED : Verdict.of(text);
  }
}
