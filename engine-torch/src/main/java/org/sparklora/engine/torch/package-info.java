/**
 * The engine that computes with libtorch's operators, on CPUs and on GPUs. Depends on {@link
 * org.sparklora.model.engine} and its packages {@code tensor} and {@code hardware}; no package
 * depends on it: {@link org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.engine.torch;
