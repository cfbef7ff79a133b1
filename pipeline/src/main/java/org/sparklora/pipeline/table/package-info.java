/**
 * The tables that one stage writes for another: a record and a Parquet schema each.
 *
 * <p>A class belongs here only if two stages read or write it. Every module may depend on this
 * package; this package depends on Parquet, Hadoop's file systems, {@code hub} and {@code
 * pipeline.config}.
 */
package org.sparklora.pipeline.table;
