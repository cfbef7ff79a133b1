/**
 * Measures the memory and throughput of processes. Executors return readings with their results,
 * never in a separate job. Does not use Spark.
 */
package org.sparklora.train.meter;
