package org.sparklora.pipeline.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The type of a flag's values. */
enum FlagType {
  STR,
  /** Files or folders. */
  PATH,
  /** One of a few words. */
  ENUM,
  /** A text that appears in no message and in no written settings. */
  SECRET,
  /** A map from words to values: a JSON object, in YAML a map as well. */
  DICT,
  INT,
  /** A whole number, or {@value #UNLIMITED} for no limit, which is read as 0. */
  LENGTH,
  FLOAT,
  /** A number, or {@value #UNLIMITED} for no limit, which is read as infinity. */
  LIMIT,
  BOOL,
  /** Words separated by spaces or commas, as are INTS and FLOATS. */
  LIST,
  INTS,
  FLOATS,
  /** Texts that may contain spaces and commas, each an argument of its own, as are PATHS. */
  TEXTS,
  PATHS;

  static final String UNLIMITED = "none";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  boolean isList() {
    return isWords() || this == TEXTS || this == PATHS;
  }

  /** Whether commas, too, separate the values. */
  boolean isWords() {
    return this == LIST || this == INTS || this == FLOATS;
  }

  boolean isPath() {
    return this == PATH || this == PATHS;
  }

  boolean isNumber() {
    return this == INT || this == FLOAT || mayBeUnlimited();
  }

  /** Whether {@value #UNLIMITED} is a value. */
  boolean mayBeUnlimited() {
    return this == LENGTH || this == LIMIT;
  }

  /** A value in its canonical spelling. */
  String parse(String flag, String text) {
    if (mayBeUnlimited() && isNone(text)) {
      return UNLIMITED;
    }
    String none = mayBeUnlimited() ? ", or none for no limit" : "";
    return switch (this) {
      case STR, ENUM, SECRET, LIST, TEXTS -> text;
      case PATH, PATHS -> path(text, System.getenv());
      case DICT -> json(parseDict(flag, text));
      case INT, INTS, LENGTH ->
          Integer.toString(parseInt(flag, text, "a whole number is expected" + none));
      case FLOAT, FLOATS, LIMIT ->
          Double.toString(parseDouble(flag, text, "a number is expected" + none));
      case BOOL -> Boolean.toString(parseBoolean(flag, text));
    };
  }

  /** Whether TRL's argument parser reads a number's text as None. */
  static boolean isNone(String text) {
    return text.equalsIgnoreCase(UNLIMITED) || text.equalsIgnoreCase("null");
  }

  /**
   * A path without slashes at its end, for names that begin with it; a store's root has one. A
   * tilde at its beginning is HOME, as for transformers; the JVM's user.home is another folder if a
   * container or a scheduler sets HOME, and "?" for a user without a name.
   */
  static String path(String text, Map<String, String> environment) {
    String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
    String inHome = home.replaceFirst("/*$", "/"); // HOME of a user without a name is often /
    String bare =
        text.replaceFirst("^~(/+|$)", Matcher.quoteReplacement(inHome))
            .replaceFirst("(?<=[^/:])/+$", "");
    return bare.matches("[A-Za-z][A-Za-z0-9+.-]+://[^/]+") ? bare + "/" : bare;
  }

  /** Converts values in canonical spelling to the value of a flag. */
  Object value(List<String> texts) {
    return switch (this) {
      case STR, PATH, ENUM, SECRET, DICT -> texts.get(0);
      case INT, LENGTH, FLOAT, LIMIT -> number(texts.get(0));
      case BOOL -> Boolean.valueOf(texts.get(0));
      case LIST, TEXTS, PATHS -> List.copyOf(texts);
      case INTS, FLOATS -> texts.stream().map(this::number).toList();
    };
  }

  private Number number(String text) {
    return switch (this) {
      case FLOAT, FLOATS -> Double.valueOf(text);
      case LIMIT -> text.equals(UNLIMITED) ? Double.POSITIVE_INFINITY : Double.valueOf(text);
      default -> text.equals(UNLIMITED) ? 0 : Integer.valueOf(text);
    };
  }

  /** The value for YAML: a list of one is its element, and {@value #UNLIMITED} a word. */
  Object yaml(List<String> texts) {
    if (mayBeUnlimited()) {
      return texts.get(0).equals(UNLIMITED) ? UNLIMITED : value(texts);
    }
    if (this == DICT) {
      return parseDict("", texts.get(0));
    }
    Object value = value(texts);
    return value instanceof List<?> list && list.size() == 1 ? list.get(0) : value;
  }

  /** The entries of a JSON object, in its order. */
  static Map<String, Object> parseDict(String flag, String text) {
    try {
      return JSON.readValue(text, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          flag, text, "a JSON object is expected, such as {\"num_cycles\": 2}");
    }
  }

  static String json(Map<?, ?> entries) {
    return JSON.valueToTree(entries).toString();
  }

  private static int parseInt(String flag, String text, String remedy) {
    try {
      return Integer.parseInt(text.trim());
    } catch (NumberFormatException e) {
      boolean large = text.trim().matches("[-+]?\\d+");
      throw new ConfigException(
          flag, text, large ? "it must lie between -2147483648 and 2147483647" : remedy);
    }
  }

  private static double parseDouble(String flag, String text, String remedy) {
    // refuses Java's spellings (NaN, 1f, 0x1p3); no setting has a meaning when infinite
    if (!NUMBER.matcher(text.trim()).matches()) {
      throw new ConfigException(flag, text, remedy);
    }
    double number = Double.parseDouble(text.trim());
    if (Double.isInfinite(number)) {
      throw new ConfigException(flag, text, "a number of at most 1.8e308 is expected");
    }
    return number;
  }

  /** The spellings of Hugging Face's argument parser. */
  private static boolean parseBoolean(String flag, String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "yes", "true", "t", "y", "1" -> true;
      case "no", "false", "f", "n", "0" -> false;
      default -> throw new ConfigException(flag, text, "true or false is expected");
    };
  }
}
