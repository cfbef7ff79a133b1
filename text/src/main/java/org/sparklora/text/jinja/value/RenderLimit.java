package org.sparklora.text.jinja.value;

import java.util.function.Supplier;

/**
 * Limits the steps, memory and depth of one rendering, so that an untrusted template cannot stall a
 * process or fill its memory: conversations of some million characters pass, an endless loop ends
 * within about a second. Not thread-safe.
 */
public final class RenderLimit {
  /** The most steps: an expression, a statement or the reading of 16 characters is one. */
  private static final long MAX_STEPS = 20_000_000;

  /** The most characters of the output, and characters or items of a string or list. */
  private static final long MAX_CHARACTERS = 16_000_000;

  /** The deepest nesting of expressions, loops and macro calls. */
  private static final int MAX_DEPTH = 300;

  private long steps;
  private int depth;

  public void step() {
    charge(1);
  }

  /** Charges work over {@code size} characters or items. */
  void work(long size) {
    charge(1 + size / 16);
  }

  /** Charges the creation of a string or list, and refuses a {@code size} over the limit. */
  public void allocate(long size) {
    bound(size);
    charge(1 + size / 4); // four times the price of reading, to bound memory too
  }

  /** Charges the creation of {@code size} objects. */
  public void items(long size) {
    bound(size);
    charge(1 + 4 * size);
  }

  /** Refuses a string or list whose {@code size} is over the limit. */
  public void bound(long size) {
    if (size > MAX_CHARACTERS) {
      throw new JinjaException(
          "The template makes a value of %,d characters or items; %,d are allowed",
          size, MAX_CHARACTERS);
    }
  }

  /** Charges a naive search for {@code part} characters in a text of {@code size} characters. */
  void search(long size, int part) {
    work(size * (1 + part / 64));
  }

  private void charge(long cost) {
    steps += cost;
    if (steps > MAX_STEPS) {
      throw new JinjaException("The template takes more than %,d steps", MAX_STEPS);
    }
  }

  /** Runs an action one level deeper. */
  public <T> T nested(Supplier<T> action) {
    descend();
    T result = action.get();
    ascend();
    return result;
  }

  public void descend() {
    if (++depth > MAX_DEPTH) {
      throw new JinjaException("The template nests more than %d calls", MAX_DEPTH);
    }
  }

  public void ascend() {
    depth--;
  }
}
