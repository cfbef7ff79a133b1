package org.sparklora.text.bpe;

/** Receives the pieces of a text from left to right. */
@FunctionalInterface
interface PieceSink {

  /**
   * Takes {@code text[start, end)}, which is not empty.
   *
   * @param shift the place in the pre-tokenizers' input is the place in {@code text} plus this; a
   *     prefixed space lies before the input's start
   */
  void accept(String text, int start, int end, int shift);
}
