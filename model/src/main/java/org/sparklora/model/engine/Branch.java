package org.sparklora.model.engine;

/**
 * Consecutive queries and the keys they see: all keys of a prefix, which other branches may share,
 * and then, causally, keys of their own. Query i of the branch sees the keys {@code [prefixStart,
 * prefixStart + prefixLength)} and {@code [ownStart, ownStart + ownBefore + i + 1)}.
 *
 * <p>A prompt is a branch without prefix; a token that is generated after it is a branch of one
 * query, with the prompt as its prefix and the tokens generated so far as {@code ownBefore}.
 *
 * @param firstQuery row of the first query
 * @param queries number of queries, at least 1
 * @param prefixStart row of the prefix's first key
 * @param prefixLength keys of the prefix, possibly 0
 * @param ownStart row of the branch's first own key
 * @param ownBefore own keys before that of the first query
 */
public record Branch(
    int firstQuery, int queries, int prefixStart, int prefixLength, int ownStart, int ownBefore) {

  public Branch {
    if (firstQuery < 0
        || queries < 1
        || prefixStart < 0
        || prefixLength < 0
        || ownStart < 0
        || ownBefore < 0) {
      throw new IllegalArgumentException(
          "Cannot attend with %d queries from %d over %d keys from %d and %d more from %d: none may be negative, and there must be a query"
              .formatted(queries, firstQuery, prefixLength, prefixStart, ownBefore, ownStart));
    }
  }

  /** The first tokens of a text, whose keys begin at {@code start}. */
  public static Branch ofStart(int queries, int start) {
    return new Branch(0, queries, 0, 0, start, 0);
  }

  /** Where the keys begin that the branch reaches back to. */
  public int rootStart() {
    return prefixLength > 0 ? prefixStart : ownStart;
  }

  /** Keys that query i of the branch sees. */
  public int visible(int i) {
    return prefixLength + ownBefore + i + 1;
  }

  /** Own keys of the last query. */
  public int ownKeys() {
    return ownBefore + queries;
  }

  /** The queries {@code [from, to)} of this branch. */
  public Branch part(int from, int to) {
    return new Branch(
        firstQuery + from, to - from, prefixStart, prefixLength, ownStart, ownBefore + from);
  }
}
