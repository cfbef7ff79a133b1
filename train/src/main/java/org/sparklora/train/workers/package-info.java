/**
 * The only interface to executors: {@link org.sparklora.train.workers.Workers} divides work on a
 * model among them, or does it in this process. Gradients, evaluation, generation,
 * log-probabilities and rewards go through it. No class here depends on Spark.
 */
package org.sparklora.train.workers;
