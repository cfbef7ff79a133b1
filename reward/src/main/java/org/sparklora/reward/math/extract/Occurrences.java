package org.sparklora.reward.math.extract;

import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Finds the next occurrence of a string from many positions, mostly ascending. Does not search a
 * stretch again that had no occurrence, so all calls of a pass together scan the text once.
 *
 * <p>An instance serves one text and one thread.
 */
final class Occurrences {
  private final String text;
  private final String wanted;
  private final AlgebraLimit budget;

  /** No occurrence begins in [from, found); {@code found} is −1 if none follows. */
  private int from = Integer.MAX_VALUE;

  private int found = -1;

  /**
   * @param wanted a dollar counts only without a backslash before it
   */
  Occurrences(String text, String wanted, AlgebraLimit budget) {
    this.text = text;
    this.wanted = wanted;
    this.budget = budget;
  }

  /** The first occurrence at or after {@code at}, or −1. */
  int next(int at) {
    if (at < from) {
      int earlier = from == Integer.MAX_VALUE ? search(at) : searchBetween(at, from);
      found = earlier >= 0 || from == Integer.MAX_VALUE ? earlier : found;
      from = at;
    } else if (found >= 0 && at > found) {
      found = search(at);
      from = at;
    }
    return found;
  }

  private int search(int at) {
    int place = text.indexOf(wanted, at);
    while (place >= 0 && !counts(place)) {
      place = text.indexOf(wanted, place + 1);
    }
    budget.scan((place < 0 ? text.length() : place) - at);
    return place;
  }

  private int searchBetween(int at, int end) {
    for (int place = at; place < Math.min(end, text.length()); place++) {
      if (text.startsWith(wanted, place) && counts(place)) {
        budget.scan(place - at);
        return place;
      }
    }
    budget.scan(end - at);
    return -1;
  }

  private boolean counts(int place) {
    return !wanted.equals("$") || place == 0 || text.charAt(place - 1) != '\\';
  }
}
