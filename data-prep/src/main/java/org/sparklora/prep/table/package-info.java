/**
 * Tables as datasets: tables of a catalogue, and files that Spark SQL reads. A table is opened at
 * one version; its rows are selected, sorted independently of the cluster, and written as Parquet,
 * which the tasks of {@code prep} read like any other file.
 *
 * <p>May be used by {@code org.sparklora.prep} and by commands that prepare their dataset; uses
 * Spark SQL. Uses Delta Lake and Iceberg only through Spark SQL, since the user brings their jars.
 */
package org.sparklora.prep.table;
