package org.sparklora.observe.track.sink;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * A warning about a run, as log rows have it in JSON.
 *
 * @param title a few words, constant for each kind of alert
 * @param text value, bound and remedy
 */
public record Alert(Level level, String title, String text) {
  /** Trackio's levels. */
  public enum Level {
    INFO,
    WARN,
    ERROR;

    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
