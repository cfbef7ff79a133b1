package org.sparklora.prep.tokenize;

import java.util.Arrays;

/**
 * The most tokens a document may have, and the end of a longer document that is kept.
 *
 * @param maxTokens 0: no limit
 */
public record DocumentLimit(int maxTokens, boolean keepEnd) {

  /** The document, cut if it is too long. */
  public TokenizedDocument apply(TokenizedDocument document) {
    int excess = excess(document);
    if (excess == 0) {
      return document;
    }
    int from = keepEnd ? excess : 0;
    return new TokenizedDocument(
        Arrays.copyOfRange(document.inputIds(), from, from + maxTokens),
        Arrays.copyOfRange(document.labels(), from, from + maxTokens));
  }

  /** The number of tokens beyond the limit. */
  public int excess(TokenizedDocument document) {
    return maxTokens == 0 ? 0 : Math.max(0, document.tokens() - maxTokens);
  }
}
