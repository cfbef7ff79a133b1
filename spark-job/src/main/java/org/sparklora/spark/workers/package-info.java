/**
 * The one seam to executors: divides work on a model over them, or does it in this process.
 * Gradients, evaluation, generation, log-probabilities and rewards go through {@link
 * org.sparklora.spark.workers.Workers}; what a part computes is a {@link
 * org.sparklora.spark.workers.Work} or an {@link org.sparklora.spark.workers.Adding}, which know
 * nothing of Spark. Parameter averaging, whose rounds are Deeplearning4j's, takes from here how
 * vectors travel and are added up.
 */
package org.sparklora.spark.workers;
