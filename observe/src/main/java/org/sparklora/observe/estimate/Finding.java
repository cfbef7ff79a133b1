package org.sparklora.observe.estimate;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One line of the report.
 *
 * @param name subject of the finding
 * @param figure the numbers as text
 * @param values the numbers in the figure, by snake-case names
 * @param verdict comparison with the sources' advice
 * @param advice reason of the verdict, and remedy
 * @param sources sources of the rule and its numbers
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
    UNKNOWN
  }

  public Finding {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
    sources = List.copyOf(sources);
  }
}
