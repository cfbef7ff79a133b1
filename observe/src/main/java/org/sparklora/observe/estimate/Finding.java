package org.sparklora.observe.estimate;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One line of the report.
 *
 * @param figure the numbers as text
 * @param values the numbers in the figure, by snake-case names
 * @param advice reason of the verdict, and remedy
 */
public record Finding(
    String name,
    String figure,
    Map<String, Object> values,
    Severity verdict,
    String advice,
    List<Source> sources) {

  /** Comparison of a figure with the sources' advice. */
  public enum Severity {
    /** The figure follows the advice. */
    OK,
    /** Worth knowing; may be intended. */
    NOTE,
    /** The figure is against the advice. */
    REGRET,
    /** A needed value is unknown. */
    UNKNOWN;

    /** The name in reports. */
    @JsonValue
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Finding {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
    sources = List.copyOf(sources);
  }
}
