package org.sparklora.pipeline.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A value for most commands, and separate values for some commands.
 *
 * @param usual the value of a command that is not in {@code own}
 */
record ByCommand<T>(T usual, Map<String, T> own) {

  /** Reads {@code usual command=own …}; any part may be missing. */
  static <T> ByCommand<T> parse(String cell, Function<String, T> value) {
    String usual = "";
    Map<String, T> own = new LinkedHashMap<>();
    for (String word : cell.split(" ")) {
      int equals = word.indexOf('=');
      if (equals < 0) {
        usual = word;
      } else {
        own.put(word.substring(0, equals), value.apply(word.substring(equals + 1)));
      }
    }
    return new ByCommand<>(value.apply(usual), Map.copyOf(own));
  }

  /** Reads {@code usual || command,command: own || …}, texts with spaces. */
  static <T> ByCommand<T> parseTexts(String cell, Function<String, T> value) {
    String[] texts = cell.split(" \\|\\| ");
    Map<String, T> own = new LinkedHashMap<>();
    for (String text : List.of(texts).subList(1, texts.length)) {
      String[] parts = text.split(": ", 2);
      for (String command : parts[0].split(",")) {
        own.put(command, value.apply(parts[1]));
      }
    }
    return new ByCommand<>(value.apply(texts[0]), Map.copyOf(own));
  }

  T of(String command) {
    return own.getOrDefault(
        CommandNames.word(command), own.getOrDefault(CommandNames.wholeRun(command), usual));
  }
}
