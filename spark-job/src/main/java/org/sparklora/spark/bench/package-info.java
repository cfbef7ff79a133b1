/**
 * The command {@code bench}: measures the speed of this machine's engine on model shapes, with
 * random weights and without Spark, data or checkpoint. The command line may use this package.
 */
package org.sparklora.spark.bench;
