/**
 * What processes use and do: memory, and the throughput of executors. Readings travel with results
 * that executors return anyway, never by a job of their own. Knows nothing of Spark.
 */
package org.sparklora.spark.meter;
