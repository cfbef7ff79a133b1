/**
 * The interface between the decoder and its computation: an {@link
 * org.sparklora.model.engine.Engine} and its kernels, found by {@link
 * org.sparklora.model.engine.Engines}. Packages below it hold tensors and what is known of the
 * hardware.
 *
 * <p>Used by the layers of {@code org.sparklora.model}, and by other modules for parameter vectors.
 * Engine implementations, in packages and modules of their own, depend on these three packages
 * alone.
 */
package org.sparklora.model.engine;
