package org.sparklora.prep.format;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
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
 * @param promptColumn {@code --prompt_column}
 */
public record ProblemFormat(String promptColumn) implements Serializable {
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

  /** The columns that the format may need, even if the first rows lack them. */
  private Set<String> known() {
    Set<String> known =
        new LinkedHashSet<>(List.of(promptColumn, PROBLEM, QUESTION, SOLUTION, FINAL_ANSWER));
    known.add(ANSWER);
    known.addAll(DatasetFormat.TEMPLATE_COLUMNS); // for rewards, and for sft on what select keeps
    return known;
  }

  /**
   * The columns to read.
   *
   * @param sample by column its first non-null value, or null
   * @return empty to read all columns
   */
  public Set<String> columns(Map<String, Object> sample) {
    Set<String> columns = new LinkedHashSet<>(sample.keySet());
    columns.removeIf(column -> isLeftOut(column, sample.get(column)));
    if (columns.size() == sample.size()) {
      return Set.of();
    }
    columns.addAll(known());
    return columns;
  }

  private boolean isLeftOut(String column, Object value) {
    boolean isLong =
        (value instanceof List || value instanceof Map)
            && String.valueOf(value).length() > LONG_CHARACTERS;
    return !known().contains(column) && (WORKED.matcher(column).matches() || isLong);
  }

  /**
   * The columns that {@link #columns} leaves out, since they are long.
   *
   * @param sample by column its first non-null value, or null
   */
  public List<String> leftOut(Map<String, Object> sample) {
    return sample.keySet().stream()
        .filter(column -> isLeftOut(column, sample.get(column)))
        .sorted()
        .toList();
  }

  /**
   * Checks that the dataset has problems; without this check every row would be bad.
   *
   * @param sample by column its first non-null value, or null
   * @throws ConfigException listing the columns found and the known ones
   */
  public void requireProblems(Map<String, Object> sample) {
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

  /** Name and columns, for logs and the manifest. */
  public String description(Map<String, Object> sample) {
    return "problems in column "
        + List.of(promptColumn, PROBLEM, QUESTION).stream()
            .filter(column -> sample.get(column) != null)
            .findFirst()
            .orElse(promptColumn);
  }

  /**
   * The problem in a row.
   *
   * @throws BadRowException without a place, when the row's columns do not fit
   */
  public Problem problem(Map<String, Object> row) {
    return new Problem(asked(row), solution(row), values(row));
  }

  /**
   * The question alone, whatever the type of the row's solution.
   *
   * @throws BadRowException without a place, when the row has no question
   */
  public Problem.Asked asked(Map<String, Object> row) {
    if (Messages.isConversation(row.get(promptColumn))) {
      return new Problem.Chat(Messages.of(row, promptColumn));
    }
    if (row.get(promptColumn) instanceof String text) {
      return new Problem.Text(text);
    }
    if (row.get(promptColumn) != null) {
      throw Columns.wrong(promptColumn, row.get(promptColumn), "a text or messages");
    }
    if (!promptColumn.equals(DEFAULT_COLUMN)) { // the user named this column: no other replaces it
      throw Columns.wrong(promptColumn, null, "a text or messages");
    }
    return new Problem.Question(
        first(row, PROBLEM, QUESTION)
            .orElseThrow(
                () ->
                    new BadRowException(
                        Reason.WRONG_COLUMNS,
                        "it has no text in %s, %s or %s".formatted(promptColumn, PROBLEM, QUESTION),
                        "")));
  }

  private Optional<String> solution(Map<String, Object> row) {
    Optional<String> worked = first(row, SOLUTION);
    if (row.get(promptColumn) != null && worked.isPresent()) {
      return worked;
    }
    boolean unboxed = worked.isPresent() && !BOX.matcher(worked.get()).find();
    Optional<String> chosen =
        isOpenR1(row) && unboxed
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

  private boolean isOpenR1(Map<String, Object> row) {
    return row.get(promptColumn) == null && Columns.hasText(row, PROBLEM);
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
        return Optional.of(withoutExponent(number.toString()));
      }
    }
    return Optional.empty();
  }

  /** Writes 1.25E7, which rewards would read as 1.25, as 12500000. */
  private static String withoutExponent(String number) {
    return number.contains("E")
        ? new BigDecimal(number).stripTrailingZeros().toPlainString()
        : number;
  }

  private Map<String, Object> values(Map<String, Object> row) {
    Map<String, Object> values = new TreeMap<>(row);
    values.keySet().removeIf(column -> WORKED.matcher(column).matches());
    if (Messages.isConversation(row.get(promptColumn))) {
      values.remove(promptColumn); // PromptTokenizer puts it under Prompt.MESSAGES
    }
    return values;
  }
}
