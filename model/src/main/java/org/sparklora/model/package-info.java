/**
 * The decoder: what a Hugging Face checkpoint folder holds and the mathematics on it, forward and
 * backward.
 *
 * <p>Dimension letters, used in every comment of the project:
 *
 * <pre>
 * B  rows in a batch             L  layers                    V  vocabulary
 * T  tokens in a row             C  hidden size               R  LoRA rank
 * N  tokens in a packed batch    F  feed-forward size         P  prompts
 *    (B rows laid end to end)    H  query heads               G  completions a prompt
 *                                K  key/value heads
 *                                D  head size
 * </pre>
 *
 * <p>The contract of every backward method: it <b>adds</b> into the gradients it is given; it never
 * overwrites and never allocates them.
 *
 * <p>This module knows neither Spark nor Deeplearning4j nor Hadoop, and only {@code text} of ours.
 * Every other except {@code pipeline} and {@code reward} may use it.
 */
package org.sparklora.model;
