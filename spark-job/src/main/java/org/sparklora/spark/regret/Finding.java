package org.sparklora.spark.regret;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One line of the report.
 *
 * @param name what was looked at
 * @param figure the number, as people read it
 * @param values the numbers in the figure, by snake-case names
 * @param verdict whether it would be regretted
 * @param advice why, and what to do instead
 * @param sources of rule and numbers
 */
public record Finding(
    String name,
    String figure,
    Map<String, Object> values,
    Verdict verdict,
    String advice,
    List<Source> sources) {

  /** How a figure compares with what the sources advise. */
  public enum Verdict {
    /** As advised. */
    OK,
    /** Worth knowing; may be as wanted. */
    NOTE,
    /** Against the advice. */
    REGRET,
    /** Something needed is not known. */
    UNKNOWN
  }

  public Finding {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
    sources = List.copyOf(sources);
  }
}
