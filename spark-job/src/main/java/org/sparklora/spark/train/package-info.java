/**
 * Training without a framework: which rows belong to which step, in which order, what a step
 * measured, the log of a run, and the model an executor holds. Nothing here imports Spark or
 * Deeplearning4j; nearly all other packages build on it.
 */
package org.sparklora.spark.train;
