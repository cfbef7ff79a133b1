package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.sparklora.pipeline.table.ScoredGeneration.Judged;

/**
 * The Parquet schema of {@link ScoredGeneration}: the columns of a generation (see {@link
 * GenerationSchema}) and the columns that the {@code reward} command adds.
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
final class ScoredGenerationSchema {
  private static final String REWARDS = "rewards/";
  private static final String VERDICT = "verdict";
  private static final String REASON = "reason";
  private static final String GOLD = "gold_parsed";
  private static final String ANSWER = "answer_parsed";
  private static final String SECONDS = "judge_seconds";
  private static final String REWARD = "reward";
  private static final String ADVANTAGE = "advantage";
  private static final String ZERO_STD = "group_zero_std";

  private ScoredGenerationSchema() {}

  /** The schema for reward functions of these names. */
  static MessageType of(Iterable<String> rewards) {
    List<Type> added = new ArrayList<>();
    rewards.forEach(name -> added.add(number(REWARDS + name)));
    for (String text : List.of(VERDICT, REASON, GOLD, ANSWER)) {
      added.add(PromptSchema.text(Type.Repetition.OPTIONAL, text));
    }
    added.addAll(List.of(number(SECONDS), number(REWARD), number(ADVANTAGE)));
    added.add(Types.optional(PrimitiveTypeName.BOOLEAN).named(ZERO_STD));
    return GenerationSchema.SCHEMA.union(new MessageType("advantages", added));
  }

  private static Type number(String name) {
    return Types.optional(PrimitiveTypeName.DOUBLE).named(name);
  }

  static Group toGroup(MessageType schema, ScoredGeneration row) {
    Group group = new SimpleGroup(schema);
    GenerationSchema.fill(group, row.generation());
    row.rewards().forEach((name, reward) -> put(group, REWARDS + name, reward));
    group.add(VERDICT, row.judged().verdict().text());
    group.add(REASON, row.judged().reason());
    group.add(GOLD, row.judged().goldParsed());
    group.add(ANSWER, row.judged().answerParsed());
    group.add(SECONDS, row.judged().seconds());
    put(group, REWARD, row.reward());
    group.add(ADVANTAGE, row.advantage());
    group.add(ZERO_STD, row.groupIsFlat());
    return group;
  }

  private static void put(Group group, String column, double value) {
    if (!Double.isNaN(value)) {
      group.add(column, value);
    }
  }

  static ScoredGeneration fromGroup(Group group) {
    return new ScoredGeneration(
        GenerationSchema.fromGroup(group),
        rewards(group),
        new Judged(
            verdict(text(group, VERDICT)),
            text(group, REASON),
            text(group, GOLD),
            text(group, ANSWER),
            get(group, SECONDS)),
        get(group, REWARD),
        group.getDouble(ADVANTAGE, 0),
        group.getBoolean(ZERO_STD, 0));
  }

  /** The rewards of a row by function, in the columns' order; NaN: not judged. */
  static Map<String, Double> rewards(Group group) {
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (Type column : group.getType().getFields()) {
      if (column.getName().startsWith(REWARDS)) {
        rewards.put(column.getName().substring(REWARDS.length()), get(group, column.getName()));
      }
    }
    return rewards;
  }

  private static double get(Group group, String column) {
    return group.getFieldRepetitionCount(column) == 0 ? Double.NaN : group.getDouble(column, 0);
  }

  /** The verdict of a row; {@link Verdict#SCORED} for rewards without verdicts. */
  private static Verdict verdict(String text) {
    return text.isEmpty() ? Verdict.SCORED : Verdict.of(text);
  }

  private static String text(Group group, String column) {
    return group.getFieldRepetitionCount(column) == 0 ? "" : group.getString(column, 0);
  }
}
