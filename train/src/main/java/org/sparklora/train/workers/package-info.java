/**
 * The only interface to executors: {@link org.sparklora.train.workers.Workers} divides work on a
 * model among them, or does it in this process. Gradients, evaluation, generation,
 * log-probabilities and rewards go through it; the function that a part computes is a {@link
 * org.sparklora.train.workers.Work} or an {@link org.sparklora.train.workers.Adding}. No class here
 * depends on Spark.
 */
package org.sparklora.train.workers;
