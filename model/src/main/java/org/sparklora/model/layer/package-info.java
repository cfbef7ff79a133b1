/**
 * The layers of a decoder block, each with its forward and its backward side by side. A layer holds
 * a few tensors and no other state: activations belong to the caller, so one layer serves many
 * batches.
 *
 * <p>Backward methods <b>add</b> to the gradients they are given. They overwrite activations only
 * where their javadoc says so. Layers access no elements; all arithmetic is the engine's.
 */
package org.sparklora.model.layer;
