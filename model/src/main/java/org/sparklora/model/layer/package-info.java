/**
 * The layers of a decoder block, each with its forward and its backward side by side. A layer is a
 * few tensors and no state of its own: activations belong to the caller, so one layer serves many
 * batches.
 *
 * <p>Backward methods <b>add</b> to the gradients they are given. They overwrite activations only
 * where they say so. No element is touched here; all arithmetic is the engine's.
 */
package org.sparklora.model.layer;
