package org.sparklora.prep.format;

import static org.sparklora.pipeline.table.PackedSequence.NO_LOSS;

import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.text.Message;

/**
 * Makes an {@link Example} of a row's columns. {@link DatasetFormats} recognises the format of a
 * dataset.
 *
 * <p>Immutable, thread-safe and serialisable with Java's serialiser.
 */
public record DatasetFormat(Form form, String description, Set<String> columns, Reading reading)
    implements RowFormat {
  /** Columns that a template may read besides the messages. */
  static final List<String> TEMPLATE_COLUMNS = List.of("tools", "chat_template_kwargs");

  private static final String SYSTEM = "system";
  private static final String QUESTION = "question";
  private static final String PROBLEM = "problem";
  private static final String GENERATIONS = "generations";
  private static final String CORRECT = "correctness_math_verify";
  private static final String SOLUTION = "solution";
  static final String INPUT_IDS = "input_ids"; // of rows tokenized elsewhere
  private static final String LABELS = "labels";
  private static final String COMPLETION_MASK = "completion_mask";
  private static final String ASSISTANT_MASKS = "assistant_masks";

  public enum Form {
    TEXT,
    /** A column of messages, none of which is given. */
    CONVERSATION,
    /** Messages in other columns, or made of texts. */
    DIALOGUE,
    TOKENS
  }

  interface Reading extends Serializable {
    Example example(Map<String, Object> row);
  }

  /** Whether a chat template renders the examples: all but texts and tokens. */
  public boolean conversational() {
    return form == Form.CONVERSATION || form == Form.DIALOGUE;
  }

  /** The example in a row; throws {@link BadRowException} without a place if it does not fit. */
  public Example example(Map<String, Object> row) {
    return reading.example(row);
  }

  private static Set<String> with(List<String> more, String... columns) {
    Set<String> all = new LinkedHashSet<>(Arrays.asList(columns));
    all.addAll(more);
    return all;
  }

  /**
   * A column of messages: {@code messages} (role/content) or ShareGPT's {@code conversations}
   * (from/value); with {@code useSystem}, a column {@code system} holds the system message's text.
   */
  static DatasetFormat conversation(String column, boolean useSystem) {
    return new DatasetFormat(
        Form.CONVERSATION,
        "messages in column " + column + (useSystem ? ", system message in " + SYSTEM : ""),
        useSystem ? with(TEMPLATE_COLUMNS, column, SYSTEM) : with(TEMPLATE_COLUMNS, column),
        row -> {
          List<Message> messages = Messages.of(row, column);
          boolean hasSystem = messages.get(0).role().equals(SYSTEM);
          if (useSystem && !hasSystem && Columns.hasText(row, SYSTEM)) {
            messages.add(0, Message.of(SYSTEM, Columns.text(row, SYSTEM)));
          }
          return new Example.Chat(List.of(), messages, Columns.templateVariables(row));
        });
  }

  /** Two columns, both of messages or both texts: the given prompt and the completion to learn. */
  static DatasetFormat promptCompletion(String prompt, String completion, boolean messages) {
    String kind = messages ? "messages" : "text";
    return new DatasetFormat(
        messages ? Form.DIALOGUE : Form.TEXT,
        "%s in columns %s and %s".formatted(kind, prompt, completion),
        with(messages ? TEMPLATE_COLUMNS : List.of(), prompt, completion),
        row ->
            messages
                ? new Example.Chat(
                    Messages.of(row, prompt),
                    Messages.of(row, completion),
                    Columns.templateVariables(row))
                : new Example.Text(
                    Optional.of(Columns.text(row, prompt)), Columns.text(row, completion)));
  }

  static DatasetFormat text(String column) {
    return new DatasetFormat(
        Form.TEXT,
        "text in column " + column,
        Set.of(column),
        row -> new Example.Text(Optional.empty(), Columns.text(row, column)));
  }

  /**
   * A question to the user and columns of answers; the first answer that exists is the assistant's.
   * GSM8K ({@code question}, {@code answer}) and DeepMath-103K ({@code question}, {@code
   * r1_solution_1} to {@code _3}).
   *
   * @param completionOnly whether only the answer counts for the loss
   */
  static DatasetFormat questionAnswer(List<String> answers, boolean completionOnly) {
    return new DatasetFormat(
        Form.DIALOGUE,
        "question in column %s, answer in %s".formatted(QUESTION, String.join(" or ", answers)),
        with(answers, QUESTION),
        row -> {
          String answer =
              answers.stream()
                  .filter(column -> Columns.hasText(row, column))
                  .findFirst()
                  .map(column -> Columns.text(row, column))
                  .orElseThrow(() -> Columns.wrong(String.join(", ", answers), null, "text"));
          return dialogue(Columns.text(row, QUESTION), answer, completionOnly);
        });
  }

  /**
   * OpenR1-Math-220k: a {@code problem} and either {@code generations} (the first that {@code
   * correctness_math_verify} calls correct, else the first of all) or, if a row has none, the
   * {@code solution}.
   */
  static DatasetFormat problemGenerations(boolean completionOnly) {
    return new DatasetFormat(
        Form.DIALOGUE,
        "problem in column %s, answer in %s or %s".formatted(PROBLEM, GENERATIONS, SOLUTION),
        Set.of(PROBLEM, GENERATIONS, CORRECT, SOLUTION),
        row -> dialogue(Columns.text(row, PROBLEM), solution(row), completionOnly));
  }

  private static String solution(Map<String, Object> row) {
    if (!(row.get(GENERATIONS) instanceof List<?> generations) || generations.isEmpty()) {
      return Columns.text(row, SOLUTION);
    }
    int chosen = row.get(CORRECT) instanceof List<?> correct ? correct.indexOf(Boolean.TRUE) : 0;
    Object text = generations.get(chosen < 0 || chosen >= generations.size() ? 0 : chosen);
    if (text instanceof String generation) {
      return generation;
    }
    throw Columns.wrong(GENERATIONS, text, "a list of texts");
  }

  private static Example dialogue(String question, String answer, boolean completionOnly) {
    Message asked = Message.of("user", question);
    Message answered = Message.of("assistant", answer);
    return completionOnly
        ? new Example.Chat(List.of(asked), List.of(answered), Map.of())
        : new Example.Chat(List.of(), List.of(asked, answered), Map.of());
  }

  /**
   * Rows tokenized elsewhere: {@code input_ids}, with {@code labels} or else with masks; a token
   * counts for the loss where every mask present has a 1; {@code assistant_masks} is always used.
   */
  static DatasetFormat tokens(boolean useCompletionMask) {
    List<String> masks =
        useCompletionMask ? List.of(ASSISTANT_MASKS, COMPLETION_MASK) : List.of(ASSISTANT_MASKS);
    return new DatasetFormat(
        Form.TOKENS,
        "tokens in column " + INPUT_IDS,
        with(masks, INPUT_IDS, LABELS),
        row -> tokens(row, masks));
  }

  private static Example tokens(Map<String, Object> row, List<String> masks) {
    int[] ids = Columns.ints(row, INPUT_IDS);
    if (row.get(LABELS) != null) {
      return new TokenizedDocument(ids, sized(Columns.ints(row, LABELS), ids, LABELS));
    }
    int[] labels = ids.clone();
    for (String column : masks) {
      if (row.get(column) != null) {
        int[] mask = sized(Columns.ints(row, column), ids, column);
        for (int i = 0; i < labels.length; i++) {
          labels[i] = mask[i] == 0 ? NO_LOSS : labels[i];
        }
      }
    }
    return new TokenizedDocument(ids, labels);
  }

  private static int[] sized(int[] values, int[] ids, String column) {
    if (values.length != ids.length) {
      throw new BadRowException(
          Reason.WRONG_COLUMNS,
          "column %s has %s entries for %s input_ids".formatted(column, values.length, ids.length),
          "");
    }
    return values;
  }
}
