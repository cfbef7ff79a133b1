package org.sparklora.pipeline.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

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
 * <p>Numbers have float32's precision, as in TRL.
 */
public final class CompletionsTable {
  static final String STEP = "step";
  static final String PROMPT = "prompt";
  static final String COMPLETION = "completion";
  static final String ADVANTAGE = "advantage";
  static final String ROLE = "role";
  static final String CONTENT = "content";
  private static final String ASSISTANT = "assistant";

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
    rows.get(0).rewards().keySet().forEach(name -> columns.add(number(name)));
    columns.add(number(ADVANTAGE));
    MessageType schema = new MessageType("schema", columns);
    GroupFile.write(configuration, file, schema, rows, row -> group(schema, step, chats, row));
  }

  private static Type text(String name) {
    return PromptSchema.text(Type.Repetition.OPTIONAL, name);
  }

  private static Type number(String name) {
    return Types.optional(PrimitiveTypeName.DOUBLE).named(name);
  }

  private static Type conversation(String name) {
    return Types.optionalGroup()
        .as(LogicalTypeAnnotation.listType())
        .repeatedGroup()
        .addField(
            Types.optionalGroup()
                .addField(text(ROLE))
                .addField(text(CONTENT))
                .named(ListCells.ELEMENT))
        .named(ListCells.LIST)
        .named(name);
  }

  /** The conversation of the prompt; empty if the prompt was a text. */
  private static Optional<JsonNode> messages(ScoredGeneration row) {
    return Optional.ofNullable(row.generation().prompt().columns().get(Prompt.MESSAGES))
        .flatMap(Prompt::conversation);
  }

  private static Group group(MessageType schema, int step, boolean chats, ScoredGeneration row) {
    Group group = new SimpleGroup(schema);
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
    row.rewards().forEach((name, reward) -> put(group, name, reward));
    put(group, ADVANTAGE, row.advantage());
    return group;
  }

  private static void add(Group turns, String role, String content) {
    Group turn = turns.addGroup(ListCells.LIST).addGroup(ListCells.ELEMENT);
    turn.add(ROLE, role);
    turn.add(CONTENT, content);
  }

  /** The text of a message's content; a list of parts is written as JSON. */
  private static String content(JsonNode content) {
    return content.isTextual() ? content.asText() : content.toString();
  }

  private static void put(Group group, String column, double value) {
    if (!Double.isNaN(value)) {
      group.add(column, (double) (float) value);
    }
  }
}
