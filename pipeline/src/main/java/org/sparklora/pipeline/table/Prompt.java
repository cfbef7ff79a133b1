package org.sparklora.pipeline.table;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A row of the {@code prompts} table: what a model is asked, and what its completions are judged
 * by.
 *
 * @param id the row's number in the table, from 0; completions name their prompt by it
 * @param text the prompt as the model sees it, rendered by the chat template where there is one
 * @param tokens of the text; at least one. Read-only and not copied
 * @param solution the reference answer, if the dataset has one
 * @param columns the dataset's other columns of texts, numbers and truth values, as text, for
 *     rewards that look at more, and under {@link #MESSAGES} the conversation that was rendered;
 *     sorted by name, copied
 */
public record Prompt(
    long id, String text, int[] tokens, Optional<String> solution, Map<String, String> columns) {

  /** The column with the conversation of a prompt that a chat template rendered, as JSON. */
  public static final String MESSAGES = "prompt";

  /** A prompt has tokens. */
  public Prompt {
    if (tokens.length == 0) {
      throw new TableException(
          "Cannot use prompt %d: it has no tokens; leave such rows out".formatted(id));
    }
    columns = Collections.unmodifiableMap(new TreeMap<>(columns));
  }

  /** The same prompt as another row. */
  public Prompt withId(long newId) {
    return new Prompt(newId, text, tokens, solution, columns);
  }
}
