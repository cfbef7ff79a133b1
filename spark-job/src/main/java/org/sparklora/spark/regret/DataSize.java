package org.sparklora.spark.regret;

/**
 * What a packed table holds, as its manifest counts it.
 *
 * @param rows packed rows
 * @param targetTokens tokens that count for the loss
 * @param longestRow tokens of the longest row
 */
public record DataSize(long rows, long targetTokens, int longestRow) {}
