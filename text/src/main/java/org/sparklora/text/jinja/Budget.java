package org.sparklora.text.jinja;

/** What a rendering may still spend. Not thread-safe: one rendering, one budget. */
final class Budget {
  private final Limits limits;
  private long steps;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
  }

  /** Charges one step. */
  void step(int line) {
    charge(1, line);
  }

  /** Charges work over {@code size} characters or items. */
  void work(long size, int line) {
    charge(1 + size / 16, line);
  }

  /** Charges the making of a string or list of {@code size}, which has its own bound too. */
  void allocate(long size, int line) {
    bound(size, line);
    charge(1 + size / 4, line); // dearer than looking, so that memory is bounded as well
  }

  /** Charges the making of {@code size} values, each an object of its own. */
  void items(long size, int line) {
    bound(size, line);
    charge(1 + 4 * size, line);
  }

  /** Refuses a string or list that has grown to {@code size}. */
  void bound(long size, int line) {
    if (size > limits.characters()) {
      throw new JinjaException(
          "The template makes a value of %,d characters or items; %,d are allowed"
              .formatted(size, limits.characters()),
          line);
    }
  }

  /** Charges a search for {@code part} in text of {@code size}; a naive search may compare all. */
  void search(long size, int part, int line) {
    work(size * (1 + part / 64), line);
  }

  private void charge(long cost, int line) {
    steps += cost;
    if (steps > limits.steps()) {
      throw new JinjaException(
          "The template takes more than %,d steps".formatted(limits.steps()), line);
    }
  }

  void descend(int line) {
    if (++depth > limits.depth()) {
      throw new JinjaException(
          "The template nests more than %d calls".formatted(limits.depth()), line);
    }
  }

  void ascend() {
    depth--;
  }
}
