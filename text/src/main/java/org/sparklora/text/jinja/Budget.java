package org.sparklora.text.jinja;

import java.util.function.Supplier;

/**
 * What a rendering may still spend, so that a stranger's template cannot stall or fill a process:
 * conversations of some million characters pass, an endless loop ends within about a second. Not
 * thread-safe: one rendering, one budget.
 */
final class Budget {
  /** Expressions evaluated, statements executed and sixteens of characters touched. */
  private static final long MAX_STEPS = 20_000_000;

  /** Of output, and of any single string or list. */
  private static final long MAX_CHARACTERS = 16_000_000;

  /** Of nested expressions, loops and macro calls. */
  private static final int MAX_DEPTH = 300;

  private long steps;
  private int depth;

  /** Charges one step. */
  void step() {
    charge(1);
  }

  /** Charges work over {@code size} characters or items. */
  void work(long size) {
    charge(1 + size / 16);
  }

  /** Charges the making of a string or list of {@code size}, which has its own bound too. */
  void allocate(long size) {
    bound(size);
    charge(1 + size / 4); // dearer than looking, so that memory is bounded as well
  }

  /** Charges the making of {@code size} values, each an object of its own. */
  void items(long size) {
    bound(size);
    charge(1 + 4 * size);
  }

  /** Refuses a string or list that has grown to {@code size}. */
  void bound(long size) {
    if (size > MAX_CHARACTERS) {
      throw new JinjaException(
          "The template makes a value of %,d characters or items; %,d are allowed",
          size, MAX_CHARACTERS);
    }
  }

  /** Charges a search for {@code part} in text of {@code size}; a naive search may compare all. */
  void search(long size, int part) {
    work(size * (1 + part / 64));
  }

  private void charge(long cost) {
    steps += cost;
    if (steps > MAX_STEPS) {
      throw new JinjaException("The template takes more than %,d steps", MAX_STEPS);
    }
  }

  /** Does something one level deeper. */
  <T> T nested(Supplier<T> action) {
    descend();
    T result = action.get();
    ascend();
    return result;
  }

  void descend() {
    if (++depth > MAX_DEPTH) {
      throw new JinjaException("The template nests more than %d calls", MAX_DEPTH);
    }
  }

  void ascend() {
    depth--;
  }
}
