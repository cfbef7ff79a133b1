/**
 * What the columns of a dataset mean: formats are recognised by their columns and turn a row into
 * an {@code Example}.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on {@code prep.source} for bad rows.
 * No Spark.
 */
package org.sparklora.prep.format;
