/**
 * The engine that computes with ND4J's operations, on CPUs and on GPUs. Depends on {@link
 * org.sparklora.model.engine} and its packages {@code tensor} and {@code hardware}; no package
 * depends on it: {@link org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.engine.nd4j;
