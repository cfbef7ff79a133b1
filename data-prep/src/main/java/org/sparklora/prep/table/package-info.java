/**
 * Tables as datasets: those of a catalogue, and files that Spark SQL reads. A table is opened at
 * one version, its rows are selected and put into an order that the cluster has no say in, and then
 * lie as Parquet that the tasks of {@code prep} read like any other file.
 *
 * <p>May be used by {@code org.sparklora.prep} and by what prepares for a command; sees Spark SQL,
 * and Delta Lake's and Iceberg's runtimes only by what Spark SQL offers of them, since the user
 * brings these.
 */
package org.sparklora.prep.table;
