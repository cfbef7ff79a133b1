package org.sparklora.prep.source;

import java.util.Map;
import java.util.function.Supplier;

/**
 * A row of a dataset and where it came from.
 *
 * @param values by column: String, Boolean, Number, List, Map, or null. Read-only by agreement
 * @param place file and line or row, computed only when asked for
 */
public record SourceRow(Map<String, Object> values, Supplier<String> place) {}
