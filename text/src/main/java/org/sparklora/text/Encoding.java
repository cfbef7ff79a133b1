package org.sparklora.text;

import java.util.List;
import org.sparklora.text.jinja.Rendering;

/**
 * The tokens of a text and where in it each of them stands.
 *
 * @param ids token ids
 * @param startOffsets first character (UTF-16) of each token
 * @param endOffsets one past the last character of each; start and end are 0 for special tokens
 *     that were put around the text. Arrays are read-only and not copied
 */
public record Encoding(int[] ids, int[] startOffsets, int[] endOffsets) {

  /**
   * Which tokens overlap one of the spans, as transformers' {@code assistant_masks}.
   *
   * @param spans in the order of the text, not overlapping
   */
  public boolean[] overlaps(List<Rendering.Span> spans) {
    boolean[] mask = new boolean[ids.length];
    int span = 0;
    for (int i = 0; i < ids.length; i++) {
      while (span < spans.size() && startOffsets[i] >= spans.get(span).end()) {
        span++;
      }
      if (span == spans.size()) {
        break;
      }
      mask[i] = endOffsets[i] > spans.get(span).start();
    }
    return mask;
  }
}
