package org.sparklora.text.jinja;

import java.util.function.Supplier;

/** What a rendering may still spend. Not thread-safe: one rendering, one budget. */
final class Budget {
  private final Limits limits;
  private long steps;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
  }

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
    if (size > limits.characters()) {
      throw new JinjaException(
          "The template makes a value of %,d characters or items; %,d are allowed",
          size, limits.characters());
    }
  }

  /** Charges a search for {@code part} in text of {@code size}; a naive search may compare all. */
  void search(long size, int part) {
    work(size * (1 + part / 64));
  }

  private void charge(long cost) {
    steps += cost;
    if (steps > limits.steps()) {
      throw new JinjaException("The template takes more than %,d steps", limits.steps());
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
    if (++depth > limits.depth()) {
      throw new JinjaException("The template nests more than %d calls", limits.depth());
    }
  }

  void ascend() {
    depth--;
  }
}
