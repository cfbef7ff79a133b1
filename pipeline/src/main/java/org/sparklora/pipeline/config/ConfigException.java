package org.sparklora.pipeline.config;

import java.util.Objects;
import org.sparklora.hub.PlainText;

/**
 * A setting that cannot be used: which key, which value, where it was written, and what to write
 * instead.
 *
 * <p>A config record knows key, value and remedy; whoever read the setting from a file adds the
 * file with {@link #in(String)}. Immutable, and serialisable so that it survives the way from an
 * executor to the driver.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final String value;
  private final String place;
  private final String remedy;

  private ConfigException(String key, String value, String place, String remedy) {
    super(
        PlainText.of( // values may be of strangers' files
            "Cannot use %s = %s%s: %s"
                .formatted(key, value, place.isEmpty() ? "" : " (" + place + ")", remedy)));
    this.key = key;
    this.value = value;
    this.place = place;
    this.remedy = remedy;
  }

  /** The same of a setting that is no flag, such as one of the environment. */
  public ConfigException(String key, Object value, String remedy) {
    this(key, String.valueOf(value), "", remedy);
  }

  /** A flag whose {@code value} cannot be used; {@code remedy} says what can. */
  public ConfigException(Flag<?> flag, Object value, String remedy) {
    this(flag.name(), value, remedy);
  }

  /** Throws unless {@code condition} holds. */
  public static void require(boolean condition, Flag<?> flag, Object value, String remedy) {
    require(condition, flag.name(), value, remedy);
  }

  /**
   * Throws unless {@code condition} holds.
   *
   * @param key the setting as the user writes it
   */
  public static void require(boolean condition, String key, Object value, String remedy) {
    if (!condition) {
      throw new ConfigException(key, value, remedy);
    }
  }

  /** The same problem, with the file (or command line) in which the setting was found. */
  public ConfigException in(String place) {
    ConfigException located =
        new ConfigException(key, value, Objects.requireNonNull(place), remedy);
    located.setStackTrace(getStackTrace());
    return located;
  }

  /** The setting as the user writes it. */
  public String key() {
    return key;
  }

  /** The refused value as text. */
  public String value() {
    return value;
  }

  /** The file in which the setting was found, or the empty string. */
  public String place() {
    return place;
  }

  /** What to write instead. */
  public String remedy() {
    return remedy;
  }
}
