package org.sparklora.observe.track.sink;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A warning about a run.
 *
 * @param level severity
 * @param title a few words, constant for each kind of alert
 * @param text value, bound and remedy
 */
public record Alert(Level level, String title, String text) {
  /** Trackio's levels. */
  public enum Level {
    INFO,
    WARN,
    ERROR;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The alert as a JSON object of a log row. */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("level", level.word());
    json.put("title", title);
    json.put("text", text);
    return json;
  }

  /** The alert that {@link #toJson} wrote. */
  public static Alert ofJson(Map<?, ?> json) {
    return new Alert(
        Level.valueOf(String.valueOf(json.get("level")).toUpperCase(Locale.ROOT)),
        String.valueOf(json.get("title")),
        String.valueOf(json.get("text")));
  }
}
