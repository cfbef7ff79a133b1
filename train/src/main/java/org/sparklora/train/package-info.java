/**
 * Training without a framework: assignment and order of rows, metrics of a step, the log of a run,
 * and the model of an executor. No class here imports Spark or Deeplearning4j; nearly all other
 * packages use this one.
 */
package org.sparklora.train;
