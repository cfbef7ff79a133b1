/**
 * The reference engine: plain loops, the oracle of all other engines. Only the vector engine, which
 * falls back to it, depends on this package.
 */
package org.sparklora.model.engine.reference;
