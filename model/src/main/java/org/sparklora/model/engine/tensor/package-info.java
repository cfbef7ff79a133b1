/**
 * Tensors of numbers and of indices, their types, and the host memory that they are over.
 *
 * <p>Depends on no other package of the project. Used wherever a {@link
 * org.sparklora.model.engine.tensor.Tensor} is.
 */
package org.sparklora.model.engine.tensor;
