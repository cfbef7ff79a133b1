package org.sparklora.model.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Branch.Run;

/**
 * Where the documents of a packed batch begin: document {@code s} owns the tokens {@code
 * [boundaries[s], boundaries[s + 1])}. Attention and positions restart at each document, except one
 * that continues an earlier document: it also sees all of the earlier one, and its positions follow
 * on. So the completions of one prompt can share the prompt.
 *
 * @param boundaries ascending, first 0, last N; read-only and not copied
 * @param prefixes for each document the number of the earlier document that it continues, which may
 *     not itself continue another; −1 for none. Read-only and not copied
 */
public record Segments(int[] boundaries, int[] prefixes) {
  private static final int NONE = -1;

  public Segments {
    if (boundaries.length < 1 || boundaries[0] != 0) {
      throw new IllegalArgumentException(
          "Cannot use segment boundaries %s: the first must be 0"
              .formatted(Arrays.toString(boundaries)));
    }
    for (int s = 1; s < boundaries.length; s++) {
      if (boundaries[s] <= boundaries[s - 1]) {
        throw new IllegalArgumentException(
            "Cannot use segment boundaries %s: number %s is not above its predecessor; leave out empty documents"
                .formatted(Arrays.toString(boundaries), s));
      }
    }
    if (prefixes.length != boundaries.length - 1) {
      throw new IllegalArgumentException(
          "Cannot use %s prefixes for %s documents: there must be one for each"
              .formatted(prefixes.length, boundaries.length - 1));
    }
    for (int s = 0; s < prefixes.length; s++) {
      int prefix = prefixes[s];
      if (prefix < NONE || prefix >= s || prefix >= 0 && prefixes[prefix] != NONE) {
        throw new IllegalArgumentException(
            "Cannot continue document %s as number %s: it must be an earlier one that itself continues none"
                .formatted(prefix, s));
      }
    }
  }

  /** Documents with these lengths, laid end to end. */
  public static Segments ofLengths(int... lengths) {
    int[] boundaries = new int[lengths.length + 1];
    for (int s = 0; s < lengths.length; s++) {
      boundaries[s + 1] = boundaries[s] + lengths[s];
    }
    return new Segments(boundaries, IntStream.of(lengths).map(length -> NONE).toArray());
  }

  /** These documents, some of which continue others: with the component {@code prefixes}. */
  public Segments continuing(int[] prefixes) {
    return new Segments(boundaries, prefixes);
  }

  public int count() {
    return boundaries.length - 1;
  }

  public int start(int segment) {
    return boundaries[segment];
  }

  public int end(int segment) {
    return boundaries[segment + 1];
  }

  /** N, the tokens of all documents together. */
  public int tokens() {
    return boundaries[boundaries.length - 1];
  }

  private int prefixLength(int segment) {
    int prefix = prefixes[segment];
    return prefix == NONE ? 0 : end(prefix) - start(prefix);
  }

  /** Tokens of a document, with those of the document that it continues. */
  public int length(int segment) {
    return prefixLength(segment) + end(segment) - start(segment);
  }

  /** The largest position + 1. */
  public int longest() {
    return IntStream.range(0, count()).map(this::length).max().orElse(0);
  }

  /** Each token's position, counted from the start of a continued document, {@code (N)}. */
  public int[] positions() {
    int[] positions = new int[tokens()];
    for (int s = 0; s < count(); s++) {
      for (int n = start(s); n < end(s); n++) {
        positions[n] = prefixLength(s) + n - start(s);
      }
    }
    return positions;
  }

  /** The branches of the documents, with keys in the order of the batch. */
  List<Branch> branches() {
    List<Branch> branches = new ArrayList<>();
    for (int s = 0; s < count(); s++) {
      int queries = end(s) - start(s);
      Run own = new Run(start(s), queries);
      int before = prefixLength(s);
      List<Run> runs =
          before == 0 ? List.of(own) : List.of(new Run(start(prefixes[s]), before), own);
      branches.add(new Branch(start(s), queries, runs, before + queries));
    }
    return branches;
  }
}
