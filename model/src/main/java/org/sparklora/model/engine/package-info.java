/**
 * The interface between the decoder and its computation: an {@link
 * org.sparklora.model.engine.Engine} with its tensors, found by {@link
 * org.sparklora.model.engine.Engines}.
 *
 * <p>Used by the layers of {@code org.sparklora.model}, and by other modules for parameter vectors.
 * Engine implementations, in packages and modules of their own, depend on this package alone.
 */
package org.sparklora.model.engine;
