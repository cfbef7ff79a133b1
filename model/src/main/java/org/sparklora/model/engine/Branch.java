package org.sparklora.model.engine;

import java.util.List;

/**
 * Consecutive queries and the keys they see: rows of keys in the order of the text, of which each
 * query sees one more than its predecessor. Query i sees the first {@code keys − queries + i + 1}.
 *
 * <p>A document is a branch with as many keys as queries; one that continues another has the keys
 * of that before its own. A token that is generated after a prompt is a branch of one query.
 *
 * @param firstQuery row of the first query
 * @param queries number of queries, at least 1
 * @param runs where the keys lie, one run after the other; may go on after the last key that is
 *     seen. Read-only and not copied
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
    for (int r = 0; r < runs.size(); r++) { // no iterator: this is made for every token
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

  /** What is done with a run. */
  public interface RunVisitor {
    /**
     * @param start row of the run's first key
     * @param count its keys that the branch sees
     * @param key the number of the first among all keys of the branch
     */
    void visit(int start, int count, int key);
  }

  /** Visits the runs in order, the last one cut to the keys that are seen. */
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
