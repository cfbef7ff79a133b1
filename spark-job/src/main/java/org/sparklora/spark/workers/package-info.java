/**
 * The only interface to executors: divides work on a model among them, or does it in this process.
 * Gradients, evaluation, generation, log-probabilities and rewards go through {@link
 * org.sparklora.spark.workers.Workers}; what a part computes is a {@link
 * org.sparklora.spark.workers.Work} or an {@link org.sparklora.spark.workers.Adding}, which do not
 * depend on Spark. Parameter averaging, whose rounds are Deeplearning4j's, uses this package to
 * send vectors and to add them up.
 */
package org.sparklora.spark.workers;
