package org.sparklora.model.kernels;

import java.util.Arrays;

/**
 * Where the documents of a packed batch begin: document {@code s} owns the tokens {@code
 * [boundaries[s], boundaries[s + 1])}. Attention and positions restart at each document.
 *
 * @param boundaries ascending, first 0, last N; read-only and not copied
 */
public record Segments(int[] boundaries) {

  public Segments {
    if (boundaries.length < 1 || boundaries[0] != 0) {
      throw new IllegalArgumentException(
          "Cannot use segment boundaries %s: the first must be 0"
              .formatted(Arrays.toString(boundaries)));
    }
    for (int s = 1; s < boundaries.length; s++) {
      if (boundaries[s] <= boundaries[s - 1]) {
        throw new IllegalArgumentException(
            "Cannot use segment boundaries %s: number %d is not above its predecessor; leave out empty documents"
                .formatted(Arrays.toString(boundaries), s));
      }
    }
  }

  /** Documents with these lengths, laid end to end. */
  public static Segments ofLengths(int... lengths) {
    int[] boundaries = new int[lengths.length + 1];
    for (int s = 0; s < lengths.length; s++) {
      boundaries[s + 1] = boundaries[s] + lengths[s];
    }
    return new Segments(boundaries);
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

  public int longest() {
    int longest = 0;
    for (int s = 0; s < count(); s++) {
      longest = Math.max(longest, end(s) - start(s));
    }
    return longest;
  }

  /** The position of every token in its own document, {@code (N)}. */
  public int[] positions() {
    int[] positions = new int[tokens()];
    for (int s = 0; s < count(); s++) {
      for (int n = start(s); n < end(s); n++) {
        positions[n] = n - start(s);
      }
    }
    return positions;
  }
}
