/**
 * Measures how many problems a model solves: draws, judges and counts completions of a test split.
 *
 * <p>{@code sweep}, {@code api} and the command line may use it.
 */
package org.sparklora.spark.eval;
