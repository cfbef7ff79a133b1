package org.sparklora.pipeline.table;

import java.util.Arrays;
import java.util.Locale;

/** What was said of a completion: the values of the column {@code verdict}, in lower case. */
public enum Verdict {
  CORRECT,
  WRONG,
  /** The solution cannot be read: the completion is left out of its group. */
  UNVERIFIABLE,
  /** The reward failed at the completion, which is left out of its group. */
  FAILED,
  /** The row has no completion. */
  UNREADABLE,
  /** A reward, but no verdict: of length, of form. */
  SCORED;

  /** The verdict as tables and summaries name it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The verdict of that name.
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
