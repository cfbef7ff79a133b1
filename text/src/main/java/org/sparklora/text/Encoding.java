package org.sparklora.text;

import java.util.List;
import org.sparklora.text.jinja.Rendering;

/**
 * The tokens of a text and their positions in the text.
 *
 * @param ids token ids
 * @param startOffsets first character (UTF-16) of each token
 * @param endOffsets one past the last character of each token; start and end are 0 for special
 *     tokens around the text. Arrays are read-only and not copied
 */
public record Encoding(int[] ids, int[] startOffsets, int[] endOffsets) {

  /**
   * Marks the tokens that overlap a span, like {@code assistant_masks} of transformers.
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
