package org.sparklora.pipeline.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.sparklora.pipeline.table.LoggedCompletion.Turn;

/**
 * The table of completions that TRL 1.16 writes with {@code log_completions}, one file per logged
 * step:
 *
 * <pre>
 * step        int64                           optimizer steps when it was logged
 * prompt      list of {role, content}         the conversation, or a string where prompts are texts
 * completion  list of {role, content}         one turn of the assistant, or a string as well
 * NAME        double, may be null             each reward function's
 * advantage   double
 * </pre>
 *
 * <p>Numbers have float32's precision, as in TRL. Of files that TRL wrote, every column of numbers
 * except {@code step} and {@code advantage} is a reward.
 */
public final class CompletionsTable {
  private static final String STEP = "step";
  private static final String PROMPT = "prompt";
  private static final String COMPLETION = "completion";
  private static final String ADVANTAGE = "advantage";
  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final String ASSISTANT = "assistant";

  private static final Set<PrimitiveTypeName> NUMBERS =
      Set.of(
          PrimitiveTypeName.INT32,
          PrimitiveTypeName.INT64,
          PrimitiveTypeName.FLOAT,
          PrimitiveTypeName.DOUBLE);

  private CompletionsTable() {}

  /** The file's name, as in TRL. */
  public static String fileName(int step) {
    return String.format(Locale.ROOT, "completions_%05d.parquet", step);
  }

  /**
   * Writes a file.
   *
   * @param rows at least one, all with rewards of the same names
   */
  public static void write(
      Configuration configuration, Path file, int step, List<ScoredGeneration> rows) {
    // a column has one type: if a dataset has both kinds of prompts, all are written as texts
    boolean chats = rows.stream().allMatch(row -> messages(row).isPresent());
    List<Type> columns = new ArrayList<>();
    columns.add(Types.optional(PrimitiveTypeName.INT64).named(STEP));
    columns.add(chats ? conversation(PROMPT) : text(PROMPT));
    columns.add(chats ? conversation(COMPLETION) : text(COMPLETION));
    rows.get(0).rewards().keySet().forEach(name -> columns.add(Cells.number(name)));
    columns.add(Cells.number(ADVANTAGE));
    MessageType schema = new MessageType("schema", columns);
    RowFile.write(configuration, file, schema, rows, (group, row) -> fill(group, step, chats, row));
  }

  private static Type text(String name) {
    return Cells.text(Type.Repetition.OPTIONAL, name);
  }

  private static Type conversation(String name) {
    return Types.optionalGroup()
        .as(LogicalTypeAnnotation.listType())
        .repeatedGroup()
        .addField(
            Types.optionalGroup().addField(text(ROLE)).addField(text(CONTENT)).named(Cells.ELEMENT))
        .named(Cells.LIST)
        .named(name);
  }

  /** The conversation of the prompt; empty if the prompt was a text. */
  private static Optional<JsonNode> messages(ScoredGeneration row) {
    return Optional.ofNullable(row.generation().prompt().columns().get(Prompt.MESSAGES))
        .flatMap(Prompt::conversation);
  }

  private static void fill(Group group, int step, boolean chats, ScoredGeneration row) {
    group.add(STEP, (long) step);
    Generation generation = row.generation();
    if (chats) {
      Group turns = group.addGroup(PROMPT);
      messages(row)
          .orElseThrow()
          .forEach(turn -> add(turns, turn.path(ROLE).asText(), content(turn.path(CONTENT))));
      add(group.addGroup(COMPLETION), ASSISTANT, generation.text());
    } else {
      group.add(PROMPT, generation.prompt().text());
      group.add(COMPLETION, generation.text());
    }
    row.rewards().forEach((name, reward) -> Cells.put(group, name, reward.floatValue()));
    Cells.put(group, ADVANTAGE, (float) row.advantage());
  }

  private static void add(Group turns, String role, String content) {
    Group turn = turns.addGroup(Cells.LIST).addGroup(Cells.ELEMENT);
    turn.add(ROLE, role);
    turn.add(CONTENT, content);
  }

  /** The text of a message's content; a list of parts is written as JSON. */
  private static String content(JsonNode content) {
    return content.isTextual() ? content.asText() : content.toString();
  }

  /**
   * All rows, in order.
   *
   * @param texts whether to read prompts and completions, too; without them many files need little
   *     memory
   * @throws TableException when the file is damaged or of another table
   */
  public static List<LoggedCompletion> read(Configuration configuration, Path file, boolean texts) {
    return RowFile.read(
        configuration,
        file.toString(),
        "the run with --log_completions",
        column -> texts || isNumber(column),
        row -> logged(row, (int) Cells.number(row, STEP), rewards(row)));
  }

  /**
   * The completions of a round's table of advantages, like {@link #read}.
   *
   * @param step the step to give to the completions
   */
  public static List<LoggedCompletion> readRound(
      Configuration configuration, Path file, boolean texts, int step) {
    return RowFile.read(
        configuration,
        file.toString(),
        "grpo",
        column -> texts || isNumber(column),
        row -> logged(row, step, GenerationTable.rewards(row)));
  }

  private static boolean isNumber(Type column) {
    return column.isPrimitive()
        && NUMBERS.contains(column.asPrimitiveType().getPrimitiveTypeName());
  }

  private static Map<String, Double> rewards(Group row) {
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (Type column : row.getType().getFields()) {
      String name = column.getName();
      if (isNumber(column) && !name.equals(STEP) && !name.equals(ADVANTAGE)) {
        rewards.put(name, Cells.number(row, name));
      }
    }
    return rewards;
  }

  private static LoggedCompletion logged(Group row, int step, Map<String, Double> rewards) {
    return new LoggedCompletion(
        step,
        turns(row, PROMPT),
        turns(row, COMPLETION),
        rewards,
        Cells.has(row, ADVANTAGE) ? Cells.number(row, ADVANTAGE) : Double.NaN);
  }

  private static List<Turn> turns(Group row, String column) {
    if (!Cells.has(row, column)) {
      return List.of();
    }
    if (row.getType().getType(column).isPrimitive()) {
      return List.of(new Turn("", row.getString(column, 0)));
    }
    Group list = row.getGroup(column, 0);
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      Group turn = list.getGroup(0, i).getGroup(0, 0); // the names of levels vary
      turns.add(new Turn(Cells.text(turn, ROLE), Cells.text(turn, CONTENT)));
    }
    return turns;
  }
}
