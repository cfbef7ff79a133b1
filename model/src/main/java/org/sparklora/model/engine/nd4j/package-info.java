/**
 * The engine that computes with ND4J's operations, on processors and on GPUs. Nobody depends on
 * this package; {@link org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.model.engine.nd4j;
