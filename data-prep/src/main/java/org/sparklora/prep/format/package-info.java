/**
 * The meaning of a dataset's columns: formats are recognised by their columns and turn a row into
 * an {@code Example} or a {@code Problem}.
 *
 * <p>May be used by {@code org.sparklora.prep} and its packages; depends on {@code prep.source} for
 * bad rows and JSON, on {@code text} for messages and on {@code pipeline}. No Spark.
 */
package org.sparklora.prep.format;
