/**
 * The decoder: reads a Hugging Face checkpoint folder, and computes forward and backward.
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
 * <p>Words, each with one meaning:
 *
 * <pre>
 * document  a text that attends to itself alone, or also to the one that it continues
 * segment   the consecutive tokens of one document in a batch
 * branch    consecutive queries of attention, with the keys they see
 * run       consecutive rows of keys, all or part of what a branch sees
 * slot      the place of one token's key and value in a cache
 * row       in a matrix, the elements of one token; in a table, one packed sequence or completion
 * chunk     consecutive targets whose logits exist at the same time
 * buffer    memory of a workspace, by name, which is lent and given back
 * call      one operation of an engine, on all tokens of a pass or on some rows of them
 * </pre>
 *
 * <p>The contract of every backward method: it <b>adds</b> into the gradients it is given; it never
 * overwrites and never allocates them.
 *
 * <p>This module uses neither Spark nor Deeplearning4j nor Hadoop, and of the project's modules
 * only {@code text}. All other modules except {@code text}, {@code hub}, {@code pipeline} and
 * {@code reward} may use it.
 */
package org.sparklora.model;
