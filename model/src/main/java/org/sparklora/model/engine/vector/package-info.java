/**
 * The engine for processors: the only package with vector instructions and calls of native gemm.
 * Nobody depends on it; {@link org.sparklora.model.engine.Engines} finds it.
 */
package org.sparklora.model.engine.vector;
