/**
 * Measures how fast this machine's engine computes shapes of models, with random weights and
 * without Spark, data or checkpoint: {@code bench}. The command line may use it.
 */
package org.sparklora.spark.bench;
