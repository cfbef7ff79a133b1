/**
 * The reference engine: plain loops, the oracle of all others. Nobody depends on this package but
 * the vector engine, which falls back to it.
 */
package org.sparklora.model.engine.reference;
