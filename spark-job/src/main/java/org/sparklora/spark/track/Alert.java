package org.sparklora.spark.track;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Something about a run that somebody should look at.
 *
 * @param level how bad it is
 * @param title a few words, the same each time
 * @param text value, bound and what to do
 */
record Alert(Level level, String title, String text) {
  /** Trackio's levels. */
  enum Level {
    INFO,
    WARN,
    ERROR;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** As it stands in a log row. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("level", level.word());
    json.put("title", title);
    json.put("text", text);
    return json;
  }

  /** The alert that {@link #toJson} wrote. */
  static Alert ofJson(Map<?, ?> json) {
    return new Alert(
        Level.valueOf(String.valueOf(json.get("level")).toUpperCase(Locale.ROOT)),
        String.valueOf(json.get("title")),
        String.valueOf(json.get("text")));
  }
}
