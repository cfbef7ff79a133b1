/**
 * Packing: which documents share a training row. Pure functions of document lengths; rows and their
 * order equal TRL's.
 *
 * <p>May be used by {@code org.sparklora.prep} and {@code prep.settings}, and by runs, which ask
 * for the strategy of their table; depends on {@code prep.format} for documents, {@code
 * prep.source} for the spelling of enums and {@code pipeline.table} for rows.
 */
package org.sparklora.prep.pack;
