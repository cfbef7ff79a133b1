package org.sparklora.reward.job;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.RewardInput;

/**
 * Converts a row of generations to the {@link RewardInput} that rewards see. Rows of a table and
 * rows in a round's memory give the same, so rewards are equal in both.
 *
 * <p>The dataset's columns, in the map {@code columns}, replace the row's own: the dataset's {@code
 * prompt} replaces the rendered conversation. Only {@code completion}, and {@code solution} if set,
 * stay the row's own.
 *
 * <p>Stateless and thread-safe.
 */
public final class CompletionRow {
  static final String COMPLETION = "completion";
  static final String SOLUTION = "solution";
  static final String PROMPT_ID = "prompt_id";

  /** Our own column while the stage runs: the row's number in the table. */
  static final String ROW_NUMBER = "spark_lora_row_number";

  static final String COLUMNS = "columns";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String COMPLETION_LENGTH = "completion_length";

  /** Columns that rewards do not see as text. */
  static final Set<String> HIDDEN =
      Set.of(
          "columns json_columns spark_lora_row_number prompt_ids completion_ids logprobs generator policy_version sampling_seed"
              .split(" "));

  private CompletionRow() {}

  /** A prompt_id as text, equal for equal ids; bytes are printed in hexadecimal. */
  static String group(Object id) {
    return id instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(id);
  }

  /** The completion of a row of a round. */
  public static RewardInput of(Generation generation) {
    return of(cells(generation)).orElseThrow();
  }

  /** The columns of a row of a round, in their own types, for rewards outside this JVM. */
  public static Map<String, Object> columns(Generation generation) {
    return columns(cells(generation), generation.text());
  }

  /** The row with the columns that a table would have. */
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
   * The completion of a row of a table.
   *
   * @param cells by column: texts, numbers, truth values, {@link List}s, {@link Map}s, or null
   * @return empty for a row without a completion
   */
  static Optional<RewardInput> of(Map<String, Object> cells) {
    return completion(cells.get(COMPLETION))
        .map(
            text ->
                new RewardInput(
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

  /** The columns as texts; lists and maps as JSON. */
  private static Map<String, String> texts(Map<String, Object> columns) {
    Map<String, String> texts = new TreeMap<>();
    columns.forEach(
        (name, cell) ->
            (cell instanceof List || cell instanceof Map
                    ? Optional.of(Prompt.json(cell))
                    : text(cell))
                .ifPresent(text -> texts.put(name, text)));
    return texts;
  }

  /** A text, or the content of the first message of a list. */
  static Optional<String> completion(Object cell) {
    if (!(cell instanceof List<?> messages)) {
      return text(cell);
    }
    return messages.isEmpty() || !(messages.get(0) instanceof Map<?, ?> message)
        ? Optional.empty()
        : text(message.get("content"));
  }

  /** A cell as text; empty for a list, a map, or bytes. */
  private static Optional<String> text(Object cell) {
    return cell == null || cell instanceof List || cell instanceof Map || cell instanceof byte[]
        ? Optional.empty()
        : Optional.of(String.valueOf(cell));
  }

  /** The number of generated tokens, if the row has it. */
  static OptionalInt tokens(Map<String, Object> cells) {
    if (cells.get(COMPLETION_IDS) instanceof List<?> ids) {
      return OptionalInt.of(ids.size());
    }
    return cells.get(COMPLETION_LENGTH) instanceof Number length
        ? OptionalInt.of(length.intValue())
        : OptionalInt.empty();
  }
}
