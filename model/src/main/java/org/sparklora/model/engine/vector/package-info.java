/**
 * The engine for CPUs: the only package with vector instructions and calls of native gemm. No
 * package depends on it; {@link org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.model.engine.vector;
