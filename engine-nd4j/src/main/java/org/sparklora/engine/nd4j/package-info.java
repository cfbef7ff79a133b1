/**
 * The engine that computes with ND4J's operations, on processors and on GPUs. Depends on {@link
 * org.sparklora.model.engine} alone; nobody depends on it: {@link
 * org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.engine.nd4j;
