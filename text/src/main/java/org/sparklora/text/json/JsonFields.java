package org.sparklora.text.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The values of a JSON object by key, each of the requested type. A value of another type is never
 * converted: it is refused with key, value and file.
 *
 * @param file for messages
 * @param json the object
 * @param name of the object in the file, {@code "rope_scaling"}; empty for the file itself
 */
public record JsonFields(Path file, JsonNode json, String name) {
  private static final int SHOWN = 80;

  /** The fields of a file's top-level object. */
  public static JsonFields of(Path file, JsonNode json) {
    return new JsonFields(file, json, "");
  }

  /** The fields of a file, read as {@link JsonFile#read} reads it. */
  public static JsonFields read(Path file) throws IOException {
    return of(file, JsonFile.read(file));
  }

  /** The fields of a file; a missing file has none. */
  public static JsonFields readIfThere(Path file) throws IOException {
    return of(file, JsonFile.readIfThere(file).orElseGet(JsonFile::newObject));
  }

  /** Whether the key exists and is not null. */
  public boolean has(String key) {
    return json.hasNonNull(key);
  }

  /** An object by key; it has no fields if the key is missing or null. */
  public JsonFields child(String key) {
    JsonNode node = json.path(key);
    if (!node.isObject() && has(key)) {
      throw refusal(key, node, "must be an object {…} or null");
    }
    return new JsonFields(file, node, path(key));
  }

  /** The objects of a required list. */
  public List<JsonFields> children(String key) {
    if (!json.has(key)) {
      throw missing(key);
    }
    List<JsonFields> children = new ArrayList<>();
    for (JsonNode item : list(key)) {
      if (!item.isObject()) {
        throw refusal(key, item, "must be a list of objects {…}");
      }
      children.add(new JsonFields(file, item, "%s[%s]".formatted(path(key), children.size())));
    }
    return children;
  }

  /** A list; empty if the key is missing. */
  public JsonNode list(String key) {
    JsonNode list = json.path(key);
    if (!list.isArray() && !list.isMissingNode()) {
      throw refusal(key, list, "must be a list […]");
    }
    return list;
  }

  /** A required whole number in {@code [1, max]}. */
  public int positive(String key, int max) {
    return whole(key, 1, max).orElseThrow(() -> missing(key));
  }

  /** A whole number in {@code [min, max]}, if the key exists and is not null. */
  public OptionalInt whole(String key, int min, int max) {
    return has(key) ? OptionalInt.of(whole(key, json.get(key), min, max)) : OptionalInt.empty();
  }

  /** The whole numbers under a key, one or a list of them; none if it is missing or null. */
  public List<Integer> wholes(String key, int min, int max) {
    List<Integer> values = new ArrayList<>();
    several(key).forEach(item -> values.add(whole(key, item, min, max)));
    return values;
  }

  /** The whole number {@code node}, found under a key or in a list under it. */
  public int whole(String key, JsonNode node, int min, int max) {
    int value = node.intValue();
    if (!node.isIntegralNumber() || !node.canConvertToInt() || value < min || value > max) {
      throw refusal(key, node, wanted(min, max));
    }
    return value;
  }

  private static String wanted(int min, int max) {
    String kind =
        switch (min) {
          case Integer.MIN_VALUE -> "a whole number";
          case 1 -> "a positive whole number";
          default -> "a whole number of at least " + min;
        };
    return "must be "
        + kind
        + (max == Integer.MAX_VALUE ? "" : String.format(Locale.ROOT, ", at most %,d", max));
  }

  /** True or false; null is refused. */
  public boolean flag(String key, boolean byDefault) {
    JsonNode node = json.path(key);
    if (!node.isBoolean() && !node.isMissingNode()) {
      throw refusal(key, node, "must be true or false");
    }
    return node.asBoolean(byDefault);
  }

  /** A finite number; null is refused. */
  public double number(String key, double byDefault) {
    JsonNode node = json.path(key);
    boolean finite = node.isNumber() && Double.isFinite(node.doubleValue());
    if (!finite && !node.isMissingNode()) {
      throw refusal(key, node, "must be a number");
    }
    return node.asDouble(byDefault);
  }

  /** A text, if the key exists and is not null. */
  public Optional<String> text(String key) {
    JsonNode node = json.path(key);
    if (!node.isTextual() && has(key)) {
      throw refusal(key, node, "must be a text in quotes");
    }
    return Optional.ofNullable(node.textValue());
  }

  public String required(String key) {
    return text(key).orElseThrow(() -> missing(key));
  }

  /** The texts under a key, one or a list of them; none if it is missing or null. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode item : several(key)) {
      if (!item.isTextual()) {
        throw refusal(key, item, "must be a text in quotes, a list of them, or null");
      }
      texts.add(item.textValue());
    }
    return texts;
  }

  /** The values under a key, one or a list of them. */
  private Iterable<JsonNode> several(String key) {
    JsonNode node = json.path(key);
    return node.isArray() || !has(key) ? node : List.of(node);
  }

  public CheckpointException missing(String key) {
    return new CheckpointException(
        "Cannot use %s: %s is missing; copy the file of the checkpoint again", file, path(key));
  }

  public CheckpointException refusal(String key, Object value, String remedy) {
    return new CheckpointException(
        "Cannot use %s = %s (%s): %s", path(key), brief(value), file, remedy);
  }

  /** A value as text, cut to fit into a message. */
  public static String brief(Object value) {
    String text = String.valueOf(value);
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }

  private String path(String key) {
    return name.isEmpty() ? key : name + "." + key;
  }
}
