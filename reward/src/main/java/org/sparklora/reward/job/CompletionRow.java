package org.sparklora.reward.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.reward.Completion;

/**
 * What a reward sees of a row of generations. There is one answer, whether the row lies in a table
 * of any size or in the memory of a round, so that a reward gives the same in both.
 *
 * <p>Columns of the row itself come first; the dataset's, which stand in its map {@code columns},
 * take their places, as {@code prompt} does with the conversation that was rendered. Only {@code
 * completion} and {@code solution} are always those of the row: the dataset's own ones are not what
 * is judged.
 *
 * <p>Stateless and thread-safe.
 */
public final class CompletionRow {
  static final String COMPLETION = "completion";
  static final String SOLUTION = "solution";
  static final String PROMPT_ID = "prompt_id";

  /** Ours while the stage runs: where the row was. */
  static final String ROW_NUMBER = "spark_lora_row_number";

  private static final String COLUMNS = "columns";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String COMPLETION_LENGTH = "completion_length";

  /** Numbers for the machine, which no reward reads as text. */
  private static final Set<String> HIDDEN =
      Set.of(COLUMNS, "json_columns", ROW_NUMBER, "prompt_ids", COMPLETION_IDS, "logprobs");

  private static final ObjectMapper JSON = new ObjectMapper();

  private CompletionRow() {}

  /** A row of a round. */
  public static Completion of(Generation generation) {
    return of(cells(generation)).orElseThrow();
  }

  /** The columns of a row of a round, in their own types, for rewards outside of this JVM. */
  public static Map<String, Object> columns(Generation generation) {
    return columns(cells(generation), generation.text());
  }

  /** The row as it would be read from a table. */
  private static Map<String, Object> cells(Generation generation) {
    Map<String, Object> cells = new LinkedHashMap<>();
    cells.put(PROMPT_ID, generation.prompt().id());
    cells.put("prompt", generation.prompt().text());
    cells.put(SOLUTION, generation.prompt().solution().orElse(null));
    cells.put(COLUMNS, generation.prompt().values());
    cells.put("completion_index", generation.index());
    cells.put(COMPLETION, generation.text());
    cells.put(COMPLETION_IDS, Arrays.stream(generation.tokens()).boxed().toList());
    cells.put("stop_reason", generation.stopReason());
    return cells;
  }

  /**
   * A row of a table.
   *
   * @param cells by column: texts, numbers, truth values, {@link List}s, {@link Map}s, or null
   * @return empty for a row without a completion
   */
  static Optional<Completion> of(Map<String, Object> cells) {
    return completion(cells.get(COMPLETION))
        .map(
            text ->
                new Completion(
                    text, text(cells.get(SOLUTION)), tokens(cells), texts(columns(cells, text))));
  }

  private static Map<String, Object> columns(Map<String, Object> cells, String completion) {
    Map<String, Object> columns = new TreeMap<>(cells);
    columns.keySet().removeAll(HIDDEN);
    if (cells.get(COLUMNS) instanceof Map<?, ?> ofDataset) {
      ofDataset.forEach((name, cell) -> columns.put(String.valueOf(name), cell));
    }
    text(cells.get(SOLUTION)).ifPresent(solution -> columns.put(SOLUTION, solution));
    columns.put(COMPLETION, completion);
    return columns;
  }

  /** As texts; lists and maps as JSON. */
  private static Map<String, String> texts(Map<String, Object> columns) {
    Map<String, String> texts = new TreeMap<>();
    columns.forEach(
        (name, cell) ->
            (cell instanceof List || cell instanceof Map
                    ? Optional.of(JSON.valueToTree(cell).toString())
                    : text(cell))
                .ifPresent(text -> texts.put(name, text)));
    return texts;
  }

  /** A text, or the content of the first of a list of messages. */
  private static Optional<String> completion(Object cell) {
    if (!(cell instanceof List<?> messages)) {
      return text(cell);
    }
    return messages.isEmpty() || !(messages.get(0) instanceof Map<?, ?> message)
        ? Optional.empty()
        : text(message.get("content"));
  }

  /** A cell as a text; a list or map is none, and bytes are not shown to rewards. */
  private static Optional<String> text(Object cell) {
    return cell == null || cell instanceof List || cell instanceof Map || cell instanceof byte[]
        ? Optional.empty()
        : Optional.of(String.valueOf(cell));
  }

  private static OptionalInt tokens(Map<String, Object> cells) {
    if (cells.get(COMPLETION_IDS) instanceof List<?> ids) {
      return OptionalInt.of(ids.size());
    }
    return cells.get(COMPLETION_LENGTH) instanceof Number length
        ? OptionalInt.of(length.intValue())
        : OptionalInt.empty();
  }
}
