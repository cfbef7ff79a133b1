package org.sparklora.prep.format;

import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * Makes an {@link Example} of a row's columns. {@link DatasetFormats} recognises the format of a
 * dataset.
 *
 * <p>Immutable, thread-safe and serialisable with Java's serialiser.
 */
public sealed interface DatasetFormat extends Serializable {

  /** The columns to read; some of them may be missing in a row. */
  Set<String> columns();

  /** Whether a chat template renders the examples: all but texts and tokens. */
  default boolean conversational() {
    return !(this instanceof PlainText || this instanceof Tokenized);
  }

  /**
   * The example in a row.
   *
   * @throws BadRowException without a place, when the row's columns do not fit
   */
  Example example(Map<String, Object> row);

  /** Name and columns, for logs and the manifest. */
  String description();

  /** Columns that a template may read besides the messages. */
  List<String> TEMPLATE_COLUMNS = List.of("tools", "chat_template_kwargs");

  private static Set<String> with(List<String> more, String... columns) {
    Set<String> all = new LinkedHashSet<>(Arrays.asList(columns));
    all.addAll(more);
    return all;
  }

  /**
   * A column of messages: {@code messages} (role/content) or ShareGPT's {@code conversations}
   * (from/value).
   *
   * @param systemColumn a column whose text becomes the system message, or the empty string
   */
  record Conversations(String column, String systemColumn) implements DatasetFormat {
    @Override
    public Set<String> columns() {
      return systemColumn.isEmpty()
          ? with(TEMPLATE_COLUMNS, column)
          : with(TEMPLATE_COLUMNS, column, systemColumn);
    }

    @Override
    public Example example(Map<String, Object> row) {
      List<Map<String, Object>> messages = Messages.of(row, column);
      if (!systemColumn.isEmpty()
          && Columns.hasText(row, systemColumn)
          && !"system".equals(messages.get(0).get("role"))) {
        messages.add(0, Messages.message("system", Columns.text(row, systemColumn)));
      }
      return new Example.Chat(messages, Columns.templateVariables(row));
    }

    @Override
    public String description() {
      return "messages in column "
          + column
          + (systemColumn.isEmpty() ? "" : ", system message in " + systemColumn);
    }
  }

  /**
   * Two columns: the given prompt and the completion to learn.
   *
   * @param conversational whether both are messages; else texts
   */
  record PromptCompletion(String prompt, String completion, boolean conversational)
      implements DatasetFormat {
    @Override
    public Set<String> columns() {
      return with(conversational ? TEMPLATE_COLUMNS : List.of(), prompt, completion);
    }

    @Override
    public Example example(Map<String, Object> row) {
      return conversational
          ? new Example.ChatPromptCompletion(
              Messages.of(row, prompt),
              Messages.of(row, completion),
              Columns.templateVariables(row))
          : new Example.PromptCompletion(Columns.text(row, prompt), Columns.text(row, completion));
    }

    @Override
    public String description() {
      String kind = conversational ? "messages" : "text";
      return "%s in columns %s and %s".formatted(kind, prompt, completion);
    }
  }

  /** One text column. */
  record PlainText(String column) implements DatasetFormat {
    @Override
    public Set<String> columns() {
      return with(List.of(), column);
    }

    @Override
    public Example example(Map<String, Object> row) {
      return new Example.Text(Columns.text(row, column));
    }

    @Override
    public String description() {
      return "text in column " + column;
    }
  }

  /**
   * A question to the user and columns of answers; the first answer that exists is the assistant's.
   * GSM8K ({@code question}, {@code answer}) and DeepMath-103K ({@code question}, {@code
   * r1_solution_1} to {@code _3}).
   *
   * @param completionOnly whether only the answer counts for the loss
   */
  record QuestionAnswer(String question, List<String> answers, boolean completionOnly)
      implements DatasetFormat {
    public QuestionAnswer {
      answers = List.copyOf(answers);
    }

    @Override
    public Set<String> columns() {
      return with(answers, question);
    }

    @Override
    public Example example(Map<String, Object> row) {
      String answer =
          answers.stream()
              .filter(column -> Columns.hasText(row, column))
              .findFirst()
              .map(column -> Columns.text(row, column))
              .orElseThrow(() -> Columns.wrong(String.join(", ", answers), null, "text"));
      return dialogue(Columns.text(row, question), answer, completionOnly);
    }

    @Override
    public String description() {
      return "question in column %s, answer in %s"
          .formatted(question, String.join(" or ", answers));
    }
  }

  /**
   * OpenR1-Math-220k: a {@code problem} and either {@code generations} (the first that {@code
   * correctness_math_verify} calls correct, else the first of all) or, if a row has none, the
   * {@code solution}.
   *
   * @param completionOnly whether only the solution counts for the loss
   */
  record ProblemGenerations(boolean completionOnly) implements DatasetFormat {
    private static final String PROBLEM = "problem";
    private static final String GENERATIONS = "generations";
    private static final String CORRECT = "correctness_math_verify";
    private static final String SOLUTION = "solution";

    @Override
    public Set<String> columns() {
      return with(List.of(), PROBLEM, GENERATIONS, CORRECT, SOLUTION);
    }

    @Override
    public Example example(Map<String, Object> row) {
      return dialogue(Columns.text(row, PROBLEM), solution(row), completionOnly);
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

    @Override
    public String description() {
      return "problem in column %s, answer in %s or %s".formatted(PROBLEM, GENERATIONS, SOLUTION);
    }
  }

  /**
   * Rows tokenized elsewhere: {@code input_ids}, with {@code labels} or else with masks; a token
   * counts for the loss where every mask present has a 1.
   *
   * @param useCompletionMask whether {@code completion_mask} is used; {@code assistant_masks}
   *     always is
   */
  record Tokenized(boolean useCompletionMask) implements DatasetFormat {
    static final String INPUT_IDS = "input_ids";
    private static final String LABELS = "labels";
    private static final String COMPLETION_MASK = "completion_mask";
    private static final String ASSISTANT_MASKS = "assistant_masks";
    private static final int NO_LOSS = -100;

    @Override
    public Set<String> columns() {
      return with(List.of(), INPUT_IDS, LABELS, COMPLETION_MASK, ASSISTANT_MASKS);
    }

    @Override
    public Example example(Map<String, Object> row) {
      int[] ids = Columns.ints(row, INPUT_IDS);
      if (row.get(LABELS) != null) {
        return new Example.Tokens(ids, sized(Columns.ints(row, LABELS), ids, LABELS));
      }
      int[] labels = ids.clone();
      for (String column : List.of(ASSISTANT_MASKS, COMPLETION_MASK)) {
        boolean used = useCompletionMask || column.equals(ASSISTANT_MASKS);
        if (used && row.get(column) != null) {
          int[] mask = sized(Columns.ints(row, column), ids, column);
          for (int i = 0; i < labels.length; i++) {
            labels[i] = mask[i] == 0 ? NO_LOSS : labels[i];
          }
        }
      }
      return new Example.Tokens(ids, labels);
    }

    private static int[] sized(int[] values, int[] ids, String column) {
      if (values.length != ids.length) {
        throw new BadRowException(
            Reason.WRONG_COLUMNS,
            "column %s has %s entries for %s input_ids"
                .formatted(column, values.length, ids.length),
            "");
      }
      return values;
    }

    @Override
    public String description() {
      return "tokens in column " + INPUT_IDS;
    }
  }

  private static Example dialogue(String question, String answer, boolean completionOnly) {
    Map<String, Object> asked = Messages.message("user", question);
    Map<String, Object> answered = Messages.message("assistant", answer);
    return completionOnly
        ? new Example.ChatPromptCompletion(List.of(asked), List.of(answered), Map.of())
        : new Example.Chat(List.of(asked, answered), Map.of());
  }
}
