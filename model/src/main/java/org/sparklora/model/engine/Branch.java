package org.sparklora.model.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive queries and the keys they see: rows of keys in the order of the text. Query i sees
 * the first {@code keys − queries + i + 1} keys, one more than its predecessor; with a window only
 * the last {@code window} of these.
 *
 * <p>A document is a branch with as many keys as queries; a document that continues another sees
 * the other's keys before its own. A token generated after a prompt is a branch of one query.
 *
 * @param firstQuery row of the first query
 * @param queries number of queries, at least 1
 * @param runs where the keys lie, one run after the other; may extend past the last visible key.
 *     Read-only and not copied
 * @param keys number of keys up to the last query's own
 * @param window most keys that a query sees; {@link #ALL} for no limit
 */
public record Branch(int firstQuery, int queries, List<Run> runs, int keys, int window) {
  /** The window of queries that see all keys up to their own. */
  public static final int ALL = Integer.MAX_VALUE;

  /** Consecutive rows of keys and values. */
  public record Run(int start, int length) {
    public Run {
      if (start < 0 || length < 1) {
        throw new IllegalArgumentException(
            "Cannot attend to %s keys from row %s: at least 1, from row 0 or later"
                .formatted(length, start));
      }
    }
  }

  /** A branch without a window. */
  public Branch(int firstQuery, int queries, List<Run> runs, int keys) {
    this(firstQuery, queries, runs, keys, ALL);
  }

  public Branch {
    if (firstQuery < 0 || queries < 1 || keys < queries) {
      throw new IllegalArgumentException(
          "Cannot attend with %s queries from %s over %s keys: there must be a query, from 0 or later, and a key for each"
              .formatted(queries, firstQuery, keys));
    }
    if (window < 1) {
      throw new IllegalArgumentException(
          "Cannot attend within a window of %s keys: at least the query's own".formatted(window));
    }
    long there = 0;
    for (int r = 0; r < runs.size(); r++) { // no iterator: every token makes a branch
      there += runs.get(r).length;
    }
    if (there < keys) {
      throw new IllegalArgumentException(
          "Cannot attend over %s keys: %s hold %s".formatted(keys, runs, there));
    }
  }

  /** The number of the last key that query i of the branch sees + 1. */
  public int visible(int i) {
    return keys - queries + i + 1;
  }

  /** The number of the first key that query i of the branch sees. */
  public int first(int i) {
    return Math.max(0, visible(i) - window);
  }

  /** The queries {@code [from, to)} of this branch, without the keys that none of them sees. */
  public Branch part(int from, int to) {
    int hidden = first(from);
    if (hidden == 0 && from == 0 && to == queries) {
      return this;
    }
    return new Branch(
        firstQuery + from, to - from, without(hidden), visible(to - 1) - hidden, window);
  }

  /** Whether the keys lie in one run. */
  public boolean isOneRun() {
    return runs.get(0).length >= keys;
  }

  /** This branch with a window. */
  public Branch within(int window) {
    return new Branch(firstQuery, queries, runs, keys, window);
  }

  /** The runs without the first {@code hidden} keys. */
  private List<Run> without(int hidden) {
    int r = 0;
    int left = hidden;
    while (left > 0 && left >= runs.get(r).length) {
      left -= runs.get(r++).length;
    }
    if (left == 0) {
      return r == 0 ? runs : runs.subList(r, runs.size());
    }
    List<Run> cut = new ArrayList<>(runs.subList(r, runs.size()));
    cut.set(0, new Run(cut.get(0).start + left, cut.get(0).length - left));
    return cut;
  }

  /** The rows of the keys, in order, {@code (keys)}. */
  public int[] rows() {
    int[] rows = new int[keys];
    forEachRun(
        (start, count, key) -> {
          for (int i = 0; i < count; i++) {
            rows[key + i] = start + i;
          }
        });
    return rows;
  }

  /** Receives the runs of a branch, one after the other. */
  public interface RunVisitor {
    /**
     * @param start row of the run's first key
     * @param count the run's keys that the branch sees
     * @param key the number of the run's first key among all keys of the branch
     */
    void visit(int start, int count, int key);
  }

  /** Visits the runs in order, the last one cut to the visible keys. */
  public void forEachRun(RunVisitor visitor) {
    int key = 0;
    for (int r = 0; key < keys; r++) {
      Run run = runs.get(r);
      int count = Math.min(run.length, keys - key);
      visitor.visit(run.start, count, key);
      key += count;
    }
  }
}
