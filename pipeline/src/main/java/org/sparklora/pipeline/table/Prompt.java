package org.sparklora.pipeline.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A row of the {@code prompts} table: a prompt for the model, and the data by which its completions
 * are judged.
 *
 * @param id the row's number in the table, from 0; completions name their prompt by it
 * @param text the prompt as the model sees it, rendered by the chat template, if the model has one
 * @param tokens tokens of the text; at least one. Read-only and not copied
 * @param solution the reference answer, if the dataset has one
 * @param columns the dataset's other columns, as text, for rewards that use them, and under {@link
 *     #MESSAGES} the rendered conversation; null if the dataset has no value; sorted by name,
 *     copied
 * @param json names of the columns whose text is JSON: numbers, booleans, lists and maps; copied
 */
public record Prompt(
    long id,
    String text,
    int[] tokens,
    Optional<String> solution,
    Map<String, String> columns,
    Set<String> json) {
  /** Keeps NaN and infinities numbers, as Python's json module does. */
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature())
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS.mappedFeature());

  /** The column with the conversation of a prompt that a chat template rendered, as JSON. */
  public static final String MESSAGES = "prompt";

  public Prompt {
    if (tokens.length == 0) {
      throw new TableException(
          "Cannot use prompt %s: it has no tokens; leave such rows out".formatted(id));
    }
    columns = Collections.unmodifiableMap(new TreeMap<>(columns));
    json = Set.copyOf(json);
  }

  /** A prompt whose columns are all texts. */
  public Prompt(
      long id, String text, int[] tokens, Optional<String> solution, Map<String, String> columns) {
    this(id, text, tokens, solution, columns, Set.of());
  }

  /** This prompt with other columns: texts, numbers, booleans, lists, maps, null. */
  public Prompt with(Map<String, Object> values) {
    Map<String, String> texts = new TreeMap<>();
    Set<String> typed = new TreeSet<>();
    values.forEach(
        (name, value) -> {
          boolean plain = value == null || value instanceof String;
          texts.put(name, plain ? (String) value : json(value));
          if (!plain) {
            typed.add(name);
          }
        });
    return new Prompt(id, text, tokens, solution, texts, typed);
  }

  /** This prompt with all columns of a table: a column that it lacks has no value. */
  Prompt withAll(Set<String> names) {
    if (columns.keySet().containsAll(names)) {
      return this;
    }
    Map<String, String> all = new TreeMap<>(columns);
    names.forEach(name -> all.putIfAbsent(name, null));
    return new Prompt(id, text, tokens, solution, all, json);
  }

  /** The {@link #columns} in their own types: the text of {@link #json} columns is parsed. */
  public Map<String, Object> values() {
    Map<String, Object> values = new TreeMap<>(columns);
    json.forEach(name -> values.computeIfPresent(name, (same, text) -> parsed((String) text)));
    return values;
  }

  /** The messages of a conversation in JSON; empty for a text, which may begin like one. */
  public static Optional<JsonNode> conversation(String text) {
    try {
      return Optional.of(text.startsWith("[") ? JSON.readTree(text) : JSON.nullNode())
          .filter(turns -> turns.path(0).has("role") || turns.path(0).has("from"));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** A value of a dataset as JSON. */
  public static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new TableException(
          "Cannot write %s as JSON: a value of a dataset is one of JSON's".formatted(value), e);
    }
  }

  /** The value of {@link #json}. */
  public static Object parsed(String text) {
    try {
      return JSON.readValue(text, Object.class);
    } catch (JsonProcessingException e) {
      throw new TableException(
          "Cannot read %s as JSON: the table was edited, make it again, from prep --task grpo on"
              .formatted(text),
          e);
    }
  }

  /** This prompt with another row number. */
  public Prompt withId(long newId) {
    return new Prompt(newId, text, tokens, solution, columns, json);
  }
}
