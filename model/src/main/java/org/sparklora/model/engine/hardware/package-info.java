/**
 * The CPU and GPU of a node, as the operating system and {@code nvidia-smi} describe them, and the
 * C functions that select native kernels for them.
 *
 * <p>Depends on no other package of the project. Used by {@code org.sparklora.model.engine}, by the
 * engines, and by the code that assigns GPUs to executors.
 */
package org.sparklora.model.engine.hardware;
