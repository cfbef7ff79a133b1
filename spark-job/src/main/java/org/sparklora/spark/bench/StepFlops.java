package org.sparklora.spark.bench;

import org.sparklora.model.checkpoint.DecoderConfig;

/**
 * Floating-point operations of a model's formulas; a multiply-add counts as two. Recomputation for
 * gradient checkpointing is not counted, as in the usual "model FLOPs utilization".
 *
 * <pre>
 * W   elements of the frozen matrices that multiply a token: in all layers, and lm_head; of a
 *     mixture those of the token's experts
 * A   elements of the adapter; of a mixture those of the token's experts
 * T   tokens of a document
 *
 * forward            2·W + 2·A + 2·L·H·D·T         causal attention: T/2 keys on average, twice
 * training           2·forward + 2·A + 2·L·H·D·T   backward: towards all inputs, towards A alone,
 *                                                  and of attention twice forward's products
 * </pre>
 */
final class StepFlops {
  private StepFlops() {}

  /** W: elements of the matrices that multiply a token. */
  static double matrices(DecoderConfig model) {
    return (double) model.vocabSize() * model.hiddenSize() + model.activeElements();
  }

  /**
   * Operations of forward and backward per token.
   *
   * @param adapterSize A
   * @param documentTokens T
   */
  static double training(DecoderConfig model, double adapterSize, int documentTokens) {
    double attention = attention(model, documentTokens);
    double forward = 2 * matrices(model) + 2 * adapterSize + attention;
    return 2 * forward + 2 * adapterSize + attention;
  }

  /** Operations of a decoding step per row, whose new token attends to {@code keys} keys. */
  static double decoding(DecoderConfig model, double keys) {
    return 2 * matrices(model) + attention(model, 2 * keys);
  }

  private static double attention(DecoderConfig model, double documentTokens) {
    return 2.0 * model.numHiddenLayers() * model.heads().queryWidth() * documentTokens;
  }
}
