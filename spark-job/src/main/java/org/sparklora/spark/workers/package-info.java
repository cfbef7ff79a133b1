/**
 * {@link org.sparklora.train.workers.Workers} on Spark's executors: counts them, places parts on
 * them, sends vectors, adds results up, and names the jobs. Parameter averaging, whose rounds are
 * Deeplearning4j's, uses this package to send vectors and to add them up.
 */
package org.sparklora.spark.workers;
