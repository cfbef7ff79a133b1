/**
 * The interface between the decoder and its computation: an {@link
 * org.sparklora.model.engine.Engine} and its kernels, found by {@link
 * org.sparklora.model.engine.Engines}. The packages {@code tensor} and {@code hardware} below it
 * hold tensors and describe the hardware.
 *
 * <p>Used by the layers of {@code org.sparklora.model}, and by other modules for parameter vectors.
 * Engine implementations, in other packages and modules, depend on these three packages alone; the
 * vector engine also falls back to the reference engine.
 */
package org.sparklora.model.engine;
