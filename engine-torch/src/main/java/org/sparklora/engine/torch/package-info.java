/**
 * The engine that computes with libtorch's operators, on processors and on GPUs. Depends on {@link
 * org.sparklora.model.engine} alone; nobody depends on it: {@link
 * org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.engine.torch;
