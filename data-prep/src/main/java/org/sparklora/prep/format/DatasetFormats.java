package org.sparklora.prep.format;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.prep.source.LowerCase;

/**
 * Recognises a dataset's format from its columns and their first values, in TRL's order where TRL
 * knows the format: {@code input_ids}; {@code prompt} with {@code completion}; {@code
 * conversations}; {@code messages}; {@code text}; then GSM8K's, OpenR1-Math's and DeepMath's
 * columns.
 *
 * @param useSystemColumn whether a {@code system} column becomes the system message; TRL ignores it
 */
public record DatasetFormats(ColumnMapping mapping, boolean useSystemColumn, Loss loss) {
  private static final String UNDERSTOOD =
      """
      messages (role, content) | conversations (from, value) | prompt + completion | text | question + answer | \
      problem + generations or solution | question + r1_solution_1 | input_ids [+ labels or completion_mask]""";

  private static final List<String> COLUMNS =
      List.of(
          "messages conversations prompt completion text question answer problem generations solution input_ids"
              .split(" "));

  /** Names of the columns, for datasets that use other names. */
  public record ColumnMapping(String text, String messages, String prompt, String completion)
      implements Serializable {
    /** TRL's names. */
    public static final ColumnMapping USUAL =
        new ColumnMapping("text", "messages", "prompt", "completion");
  }

  /** The tokens that count for the loss ({@code --completion_only_loss}: unset, false, true). */
  public enum Loss implements LowerCase {
    AS_FORMAT_SAYS,
    EVERY_TOKEN,
    COMPLETION
  }

  /**
   * The format of a dataset.
   *
   * @param sample by column its first non-null value, or null
   * @throws ConfigException when a mapped column is missing, or no format fits; it lists the
   *     columns found
   */
  public DatasetFormat recognise(Map<String, Object> sample) {
    requireNoImages(sample);
    return mapped(sample)
        .or(() -> known(sample))
        .orElseThrow(
            () ->
                new ConfigException(
                    Flags.DATASET_NAME,
                    "columns " + describe(sample),
                    "no format fits them. %sUnderstood are: %s; name other columns with --messages_column, --prompt_column and --completion_column, or --dataset_text_field"
                        .formatted(slip(sample), UNDERSTOOD)));
  }

  /** Refuses images, as TRL does for models of text: their rows mean nothing without them. */
  static void requireNoImages(Map<String, Object> sample) {
    for (String column : List.of("image", "images")) {
      ConfigException.require(
          !sample.containsKey(column),
          Flags.DATASET_NAME,
          "columns " + describe(sample),
          "column %s has images, and models here read text alone; take another dataset, or in a file of --datasets its other columns"
              .formatted(column));
    }
  }

  /** Suggests the intended name of a mistyped column. */
  private static String slip(Map<String, Object> sample) {
    return sample.keySet().stream()
        .filter(column -> !COLUMNS.contains(column))
        .flatMap(
            column ->
                Nearest.of(column, COLUMNS)
                    .filter(known -> !sample.containsKey(known))
                    .map(known -> "%s: did you mean %s? ".formatted(column, known))
                    .stream())
        .findFirst()
        .orElse("");
  }

  private Optional<DatasetFormat> mapped(Map<String, Object> sample) {
    ColumnMapping usual = ColumnMapping.USUAL;
    if (!mapping.messages().equals(usual.messages())) {
      requireColumn(sample, Flags.MESSAGES_COLUMN, mapping.messages());
      return Optional.of(conversations(sample, mapping.messages()));
    }
    if (!mapping.prompt().equals(usual.prompt())
        || !mapping.completion().equals(usual.completion())) {
      requireColumn(sample, Flags.PROMPT_COLUMN, mapping.prompt());
      requireColumn(sample, Flags.COMPLETION_COLUMN, mapping.completion());
      return Optional.of(promptCompletion(sample));
    }
    if (!mapping.text().equals(usual.text())) {
      requireColumn(sample, Flags.DATASET_TEXT_FIELD, mapping.text());
      return Optional.of(DatasetFormat.text(mapping.text()));
    }
    return Optional.empty();
  }

  private static void requireColumn(Map<String, Object> sample, Flag<?> key, String column) {
    ConfigException.require(
        sample.containsKey(column),
        key,
        column,
        "the dataset has no such column, but " + describe(sample));
  }

  private Optional<DatasetFormat> known(Map<String, Object> sample) {
    boolean completionOnly = loss == Loss.COMPLETION;
    if (sample.containsKey(DatasetFormat.INPUT_IDS)) {
      // TRL uses the mask of tokenized rows if completion_only_loss is set, or if it is unset and
      // the dataset also has the texts
      boolean texts = sample.containsKey("prompt") && sample.containsKey("completion");
      return Optional.of(
          DatasetFormat.tokens(completionOnly || (loss == Loss.AS_FORMAT_SAYS && texts)));
    }
    if (sample.containsKey("prompt") && sample.containsKey("completion")) {
      return Optional.of(promptCompletion(sample));
    }
    for (String column : List.of("conversations", "messages")) {
      if (Messages.isConversation(sample.get(column))) {
        return Optional.of(conversations(sample, column));
      }
    }
    if (sample.get("text") instanceof String) {
      return Optional.of(DatasetFormat.text("text"));
    }
    if (sample.get("question") instanceof String && sample.get("answer") instanceof String) {
      return Optional.of(DatasetFormat.questionAnswer(List.of("answer"), completionOnly));
    }
    if (sample.get("problem") instanceof String
        && (sample.containsKey("generations") || sample.containsKey("solution"))) {
      return Optional.of(DatasetFormat.problemGenerations(completionOnly));
    }
    if (sample.get("question") instanceof String && sample.containsKey("r1_solution_1")) {
      List<String> answers = List.of("r1_solution_1", "r1_solution_2", "r1_solution_3");
      return Optional.of(DatasetFormat.questionAnswer(answers, completionOnly));
    }
    return Optional.empty();
  }

  private DatasetFormat conversations(Map<String, Object> sample, String column) {
    return DatasetFormat.conversation(column, useSystemColumn && sample.containsKey("system"));
  }

  private DatasetFormat promptCompletion(Map<String, Object> sample) {
    boolean conversational = Messages.isConversation(sample.get(mapping.prompt()));
    return DatasetFormat.promptCompletion(mapping.prompt(), mapping.completion(), conversational);
  }

  static String describe(Map<String, Object> sample) {
    Map<String, String> kinds = new LinkedHashMap<>();
    sample.forEach(
        (column, value) -> kinds.put(column, value == null ? "always null" : Columns.kind(value)));
    return kinds.toString();
  }
}
