package org.sparklora.observe.estimate;

/**
 * The size of a packed table, from its manifest.
 *
 * @param rows packed rows
 * @param targetTokens tokens that count for the loss
 * @param longestRow tokens of the longest row
 */
public record DataSize(long rows, long targetTokens, int longestRow) {}
