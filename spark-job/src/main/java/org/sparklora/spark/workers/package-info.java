/**
 * Divides work on a model over executors, or does it in this process: the parts of a round of GRPO.
 * What a part computes is a {@link org.sparklora.spark.workers.Work}, which knows nothing of Spark.
 */
package org.sparklora.spark.workers;
