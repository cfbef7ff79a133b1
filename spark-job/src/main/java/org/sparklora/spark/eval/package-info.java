/**
 * Measures how many problems a model solves: draws, judges and counts completions of a test split.
 *
 * <p>The command line and sweeps may use it.
 */
package org.sparklora.spark.eval;
