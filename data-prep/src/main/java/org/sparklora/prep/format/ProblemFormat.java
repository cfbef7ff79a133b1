package org.sparklora.prep.format;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * Makes a {@link Problem} of a row's columns. Each row is examined by itself.
 *
 * <pre>
 * asked     prompt: messages, or a text that is used unchanged
 *           else problem (OpenR1-Math) or question (GSM8K, DeepMath): a user's turn
 * solution  of a problem: solution if it boxes its answer or the row has no other, else answer
 *           of a prompt: solution, unchanged
 *           else the first of solution, final_answer, answer; of GSM8K's, the line after ####,
 *           without the commas that group digits (as LaTeX, 1,080 is a list of two numbers)
 * </pre>
 *
 * <p>TRL passes the column {@code solution} to its rewards, which look for the box in it. In a
 * worked solution of OpenR1-Math without a box, they would take the last mathematics in it for the
 * answer; the short {@code answer} beside it is right.
 *
 * @param leftOut columns that are not read, since they are long
 */
public record ProblemFormat(
    String promptColumn, String description, Set<String> columns, Set<String> leftOut)
    implements RowFormat {
  private static final String DEFAULT_COLUMN = "prompt";
  private static final String PROBLEM = "problem";
  private static final String QUESTION = "question";
  private static final String SOLUTION = "solution";
  private static final String FINAL_ANSWER = "final_answer";
  private static final String ANSWER = "answer";
  private static final String GSM8K_MARK = "####";
  private static final Pattern GROUPING = Pattern.compile("(?<=\\d),(?=\\d{3}(?!\\d))");
  private static final Pattern BOX = Pattern.compile("\\\\(boxed|fbox)\\b");

  /**
   * Lists and maps with longer values, such as OpenR1-Math's reasoning traces, are left out: each
   * prompt carries its columns, and all prompts of a run are in the driver's memory.
   */
  private static final int LONG_CHARACTERS = 4_000;

  /** DeepMath's worked solutions: most of its bytes, and unused by rewards. */
  private static final Pattern WORKED = Pattern.compile("r1_solution_\\d+");

  /**
   * The format of a dataset.
   *
   * @param sample by column its first non-null value, or null
   * @throws ConfigException listing the columns found and the known ones, if no problems are in
   *     them: every row would be bad
   */
  public static ProblemFormat recognise(String promptColumn, Map<String, Object> sample) {
    requireProblems(promptColumn, sample);
    // needed even if the first rows lack them; templates' for rewards, and for sft on select's rows
    Set<String> known = new TreeSet<>(DatasetFormat.TEMPLATE_COLUMNS);
    known.addAll(List.of(promptColumn, PROBLEM, QUESTION, SOLUTION, FINAL_ANSWER, ANSWER));
    Set<String> leftOut = new TreeSet<>(sample.keySet());
    leftOut.removeIf(column -> known.contains(column) || !isLong(column, sample.get(column)));
    Set<String> columns = new TreeSet<>();
    if (!leftOut.isEmpty()) {
      columns.addAll(sample.keySet());
      columns.removeAll(leftOut);
      columns.addAll(known);
    }
    String asked =
        Stream.of(promptColumn, PROBLEM, QUESTION)
            .filter(column -> sample.get(column) != null)
            .findFirst()
            .orElse(promptColumn);
    return new ProblemFormat(promptColumn, "problems in column " + asked, columns, leftOut);
  }

  private static boolean isLong(String column, Object value) {
    return WORKED.matcher(column).matches()
        || (value instanceof List || value instanceof Map)
            && String.valueOf(value).length() > LONG_CHARACTERS;
  }

  private static void requireProblems(String promptColumn, Map<String, Object> sample) {
    DatasetFormats.requireNoImages(sample);
    Object prompt = sample.get(promptColumn);
    if (prompt instanceof String || Messages.isConversation(prompt)) {
      return;
    }
    ConfigException.require(
        promptColumn.equals(DEFAULT_COLUMN),
        Flags.PROMPT_COLUMN,
        promptColumn,
        sample.containsKey(promptColumn)
            ? "it holds no texts or messages; the dataset has " + DatasetFormats.describe(sample)
            : "there is no such column; the dataset has " + DatasetFormats.describe(sample));
    ConfigException.require(
        prompt == null && first(sample, PROBLEM, QUESTION).isPresent(),
        Flags.DATASET_NAME,
        "columns " + DatasetFormats.describe(sample),
        "no problems are in them. Understood are: prompt (a text, or messages) | problem | question, with solution, final_answer or answer; name another column with --prompt_column");
  }

  /** The problem in a row; throws {@link BadRowException} without a place if it does not fit. */
  public Problem problem(Map<String, Object> row) {
    return new Problem(asked(row), solution(row), values(row));
  }

  /** The question alone, whatever the type of the row's solution; throws as {@link #problem}. */
  public Problem.Asked asked(Map<String, Object> row) {
    if (Messages.isConversation(row.get(promptColumn))) {
      return new Problem.Chat(Messages.of(row, promptColumn));
    }
    if (row.get(promptColumn) instanceof String text) {
      return new Problem.Text(text, false);
    }
    // no other column replaces one that the user named
    if (row.get(promptColumn) != null || !promptColumn.equals(DEFAULT_COLUMN)) {
      throw Columns.wrong(promptColumn, row.get(promptColumn), "a text or messages");
    }
    return first(row, PROBLEM, QUESTION)
        .map(question -> new Problem.Text(question, true))
        .orElseThrow(
            () ->
                new BadRowException(
                    Reason.WRONG_COLUMNS,
                    "it has no text in %s, %s or %s".formatted(promptColumn, PROBLEM, QUESTION),
                    ""));
  }

  private Optional<String> solution(Map<String, Object> row) {
    Optional<String> worked = first(row, SOLUTION);
    if (row.get(promptColumn) != null && worked.isPresent()) {
      return worked;
    }
    boolean unboxed = worked.isPresent() && !BOX.matcher(worked.get()).find();
    boolean isOpenR1 = row.get(promptColumn) == null && Columns.hasText(row, PROBLEM);
    Optional<String> chosen =
        isOpenR1 && unboxed
            ? first(row, ANSWER, SOLUTION)
            : first(row, SOLUTION, FINAL_ANSWER, ANSWER);
    if (chosen.isEmpty()) {
      for (String column : List.of(SOLUTION, FINAL_ANSWER, ANSWER)) {
        Object value = row.get(column);
        if (value != null && !(value instanceof String || value instanceof Number)) {
          throw Columns.wrong(column, value, "a text or a number");
        }
      }
    }
    return chosen.map(ProblemFormat::afterMark);
  }

  /** The last line of a text in GSM8K's form; elsewhere the mark is a heading of Markdown. */
  private static String afterMark(String text) {
    int mark = text.lastIndexOf(GSM8K_MARK);
    if (mark < 0 || BOX.matcher(text).find()) {
      return text;
    }
    String answer = text.substring(mark + GSM8K_MARK.length()).strip();
    return answer.lines().count() == 1 ? GROUPING.matcher(answer).replaceAll("") : text;
  }

  /** The first text or number. NaN is neither: pandas writes it where a column has no value. */
  private static Optional<String> first(Map<String, Object> row, String... columns) {
    for (String column : columns) {
      if (Columns.hasText(row, column)) {
        return Optional.of(Columns.text(row, column));
      }
      if (row.get(column) instanceof Number number && !Double.isNaN(number.doubleValue())) {
        String text = number.toString(); // 1.25E7, which rewards would read as 1.25, is 12500000
        return Optional.of(
            text.contains("E") ? new BigDecimal(text).stripTrailingZeros().toPlainString() : text);
      }
    }
    return Optional.empty();
  }

  private Map<String, Object> values(Map<String, Object> row) {
    Map<String, Object> values = new TreeMap<>(row);
    // readers of JSON and CSV give all columns
    values.keySet().removeIf(name -> leftOut.contains(name) || WORKED.matcher(name).matches());
    if (Messages.isConversation(row.get(promptColumn))) {
      values.remove(promptColumn); // PromptTokenizer puts it under Prompt.MESSAGES
    }
    return values;
  }
}
