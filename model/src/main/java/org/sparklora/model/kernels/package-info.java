/**
 * The arithmetic: the only package with loops over floats, vector instructions and native calls.
 *
 * <p>Used by the layers of {@code org.sparklora.model}; nothing outside that module needs more than
 * {@link org.sparklora.model.kernels.KernelsProvider} and {@link
 * org.sparklora.model.kernels.Tensor}.
 */
package org.sparklora.model.kernels;
