/**
 * How many problems a model solves: completions of a test split are drawn, judged and counted.
 *
 * <p>The command line and sweeps may use it.
 */
package org.sparklora.spark.eval;
