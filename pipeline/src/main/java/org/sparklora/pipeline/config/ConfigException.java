package org.sparklora.pipeline.config;

import java.util.Objects;
import org.sparklora.hub.PlainText;

/**
 * A setting that cannot be used: its key, value and place, and what to write instead.
 *
 * <p>A config record gives key, value and remedy; the reader of a settings file adds the file with
 * {@link #in(String)}. Immutable, and serialisable for the transfer from an executor to the driver.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final String value;
  private final String place;
  private final String remedy;
  private final boolean passing;

  private ConfigException(String key, String value, String place, String remedy, boolean passing) {
    super(
        PlainText.of( // values may come from untrusted files
            "Cannot use %s = %s%s: %s"
                .formatted(key, value, place.isEmpty() ? "" : " (" + place + ")", remedy)));
    this.key = key;
    this.value = value;
    this.place = place;
    this.remedy = remedy;
    this.passing = passing;
  }

  /** A setting that is not a flag, such as an environment variable, whose value cannot be used. */
  public ConfigException(String key, Object value, String remedy) {
    this(key, String.valueOf(value), "", remedy, false);
  }

  /** A flag whose {@code value} cannot be used; {@code remedy} says what to write instead. */
  public ConfigException(Flag<?> flag, Object value, String remedy) {
    this(flag.name(), value, remedy);
  }

  /** A flag whose {@code value} cannot be used now, but may be later. */
  public static ConfigException passing(Flag<?> flag, Object value, String remedy) {
    return new ConfigException(flag.name(), String.valueOf(value), "", remedy, true);
  }

  /** Throws unless {@code condition} holds. */
  public static void require(boolean condition, Flag<?> flag, Object value, String remedy) {
    require(condition, flag.name(), value, remedy);
  }

  /** Throws unless {@code condition} holds; {@code key} is as the user writes it. */
  public static void require(boolean condition, String key, Object value, String remedy) {
    if (!condition) {
      throw new ConfigException(key, value, remedy);
    }
  }

  /** This exception with the place, a file or the command line, of the setting. */
  public ConfigException in(String place) {
    ConfigException located =
        new ConfigException(key, value, Objects.requireNonNull(place), remedy, passing);
    located.setStackTrace(getStackTrace());
    return located;
  }

  /** The setting as the user writes it. */
  public String key() {
    return key;
  }

  public String value() {
    return value;
  }

  /** The file in which the setting was found, or the empty string. */
  public String place() {
    return place;
  }

  /** Whether the same setting may be used later. */
  public boolean isPassing() {
    return passing;
  }

  /** The remedy: what to write instead. */
  public String remedy() {
    return remedy;
  }
}
