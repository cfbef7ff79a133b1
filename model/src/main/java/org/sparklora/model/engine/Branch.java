package org.sparklora.model.engine;

import java.util.List;

/**
 * Consecutive queries and the keys they see: rows of keys in the order of the text. Query i sees
 * the first {@code keys − queries + i + 1} keys, one more than its predecessor.
 *
 * <p>A document is a branch with as many keys as queries; a document that continues another sees
 * the other's keys before its own. A token generated after a prompt is a branch of one query.
 *
 * @param firstQuery row of the first query
 * @param queries number of queries, at least 1
 * @param runs where the keys lie, one run after the other; may extend past the last visible key.
 *     Read-only and not copied
 * @param keys number of keys that the last query sees
 */
public record Branch(int firstQuery, int queries, List<Run> runs, int keys) {

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

  public Branch {
    if (firstQuery < 0 || queries < 1 || keys < queries) {
      throw new IllegalArgumentException(
          "Cannot attend with %s queries from %s over %s keys: there must be a query, from 0 or later, and a key for each"
              .formatted(queries, firstQuery, keys));
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

  /** Keys that query i of the branch sees. */
  public int visible(int i) {
    return keys - queries + i + 1;
  }

  /** The queries {@code [from, to)} of this branch. */
  public Branch part(int from, int to) {
    return new Branch(firstQuery + from, to - from, runs, visible(to - 1));
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
