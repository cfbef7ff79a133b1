package org.sparklora.text.jinja;

/**
 * What one rendering may cost, so that a stranger's template cannot stall or fill a process.
 *
 * @param steps expressions evaluated, statements executed and sixteens of characters touched
 * @param characters of output, and of any single string or list
 * @param depth of nested expressions, loops and macro calls
 */
public record Limits(long steps, long characters, int depth) {

  /** Conversations of some million characters pass; an endless loop ends within about a second. */
  public static Limits defaults() {
    return new Limits(20_000_000, 16_000_000, 300);
  }
}
