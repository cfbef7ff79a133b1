package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.table.LoggedCompletion.Turn;

/**
 * Reads files of {@link CompletionsTable}, also files written by TRL: every column of numbers
 * except {@code step} and {@code advantage} is a reward.
 */
public final class CompletionsFile {
  private static final String WRITER = "the run with --log_completions";

  private CompletionsFile() {}

  /**
   * All rows, in order.
   *
   * @param texts whether to read prompts and completions, too; without them many files need little
   *     memory
   * @throws TableException when the file is damaged or of another table
   */
  public static List<LoggedCompletion> read(Configuration configuration, Path file, boolean texts) {
    return read(configuration, file, texts, WRITER, CompletionsFile::row);
  }

  /**
   * The completions of a round's table of advantages, like {@link #read}.
   *
   * @param step the step to give to the completions
   */
  public static List<LoggedCompletion> readRound(
      Configuration configuration, Path file, boolean texts, int step) {
    return read(configuration, file, texts, "grpo", row -> ofRound(row, step));
  }

  private static List<LoggedCompletion> read(
      Configuration configuration,
      Path file,
      boolean texts,
      String maker,
      Function<Group, LoggedCompletion> fromGroup) {
    Predicate<Type> columns = column -> texts || isNumber(column);
    return GroupFile.read(configuration, file.toString(), maker, columns, fromGroup);
  }

  private static LoggedCompletion ofRound(Group row, int step) {
    return new LoggedCompletion(
        step,
        turns(row, CompletionsTable.PROMPT),
        turns(row, CompletionsTable.COMPLETION),
        ScoredGenerationSchema.rewards(row),
        number(row, CompletionsTable.ADVANTAGE));
  }

  private static boolean isNumber(Type column) {
    return column.isPrimitive()
        && Set.of(
                PrimitiveTypeName.INT32,
                PrimitiveTypeName.INT64,
                PrimitiveTypeName.FLOAT,
                PrimitiveTypeName.DOUBLE)
            .contains(column.asPrimitiveType().getPrimitiveTypeName());
  }

  private static LoggedCompletion row(Group row) {
    GroupType columns = row.getType();
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (Type column : columns.getFields()) {
      String name = column.getName();
      boolean other = name.equals(CompletionsTable.STEP) || name.equals(CompletionsTable.ADVANTAGE);
      if (isNumber(column) && !other) {
        rewards.put(name, number(row, name));
      }
    }
    return new LoggedCompletion(
        (int) number(row, CompletionsTable.STEP),
        turns(row, CompletionsTable.PROMPT),
        turns(row, CompletionsTable.COMPLETION),
        rewards,
        columns.containsField(CompletionsTable.ADVANTAGE)
            ? number(row, CompletionsTable.ADVANTAGE)
            : Double.NaN);
  }

  private static double number(Group row, String column) {
    return row.getFieldRepetitionCount(column) == 0
        ? Double.NaN
        : Double.parseDouble(row.getValueToString(row.getType().getFieldIndex(column), 0));
  }

  private static List<Turn> turns(Group row, String column) {
    if (!row.getType().containsField(column) || row.getFieldRepetitionCount(column) == 0) {
      return List.of();
    }
    if (row.getType().getType(column).isPrimitive()) {
      return List.of(new Turn("", row.getString(column, 0)));
    }
    Group list = row.getGroup(column, 0);
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      Group turn = list.getGroup(0, i).getGroup(0, 0); // the names of levels vary
      turns.add(new Turn(text(turn, CompletionsTable.ROLE), text(turn, CompletionsTable.CONTENT)));
    }
    return turns;
  }

  private static String text(Group turn, String field) {
    return turn.getFieldRepetitionCount(field) == 0 ? "" : turn.getString(field, 0);
  }
}
