/**
 * The rows of datasets: files, their splits and their rows.
 *
 * <p>May be used by {@code org.sparklora.prep} and its packages, and by commands that read rows;
 * depends on Hadoop's file systems, Parquet, Jackson, univocity, SnakeYAML, {@code hub}, {@code
 * pipeline} and {@code text.json}. No Spark: the job maps one call over splits.
 */
package org.sparklora.prep.source;
