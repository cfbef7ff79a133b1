package org.sparklora.pipeline.table;

import java.util.Arrays;
import java.util.Locale;

/** The verdict on a completion: the values of the column {@code verdict}, in lower case. */
public enum Verdict {
  CORRECT,
  WRONG,
  /** The solution cannot be read: the completion is left out of its group. */
  UNVERIFIABLE,
  /** The reward function failed for the completion, which is left out of its group. */
  FAILED,
  /** The row has no completion. */
  UNREADABLE,
  /** A reward without a verdict, such as one for length or form. */
  SCORED;

  /** The verdict's name in tables and summaries. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The verdict with this name.
   *
   * @throws TableException if there is none
   */
  static Verdict of(String text) {
    return Arrays.stream(values())
        .filter(verdict -> verdict.text().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new TableException(
                    "Cannot read verdict %s: it must be one of %s"
                        .formatted(text, Arrays.stream(values()).map(Verdict::text).toList())));
  }
}
