/**
 * Training without a framework: which rows belong to which step, in which order, what a step
 * measured, and the model an executor holds. Nothing here imports Spark or Deeplearning4j; {@code
 * org.sparklora.spark.dl4j} and {@code org.sparklora.spark} build on it.
 */
package org.sparklora.spark.train;
