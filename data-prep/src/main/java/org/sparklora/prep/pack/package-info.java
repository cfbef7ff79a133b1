/**
 * Packing: which documents share a training row. Pure functions of document lengths; rows and their
 * order equal TRL's.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on {@code pipeline.table}.
 */
package org.sparklora.prep.pack;
