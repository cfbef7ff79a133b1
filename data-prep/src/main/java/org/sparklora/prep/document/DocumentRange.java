package org.sparklora.prep.document;

import java.io.Serializable;

/**
 * Consecutive documents of one split.
 *
 * @param split index of the split
 * @param first index of the first document within it
 * @param count how many
 */
public record DocumentRange(int split, int first, int count) implements Serializable {}
