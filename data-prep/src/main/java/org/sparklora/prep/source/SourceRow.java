package org.sparklora.prep.source;

import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.parquet.example.data.Group;

/**
 * A row of a dataset and where it came from.
 *
 * @param values by column: String, Boolean, Number, List, Map, or null. Read-only by agreement
 * @param place file and line or row, computed only when asked for
 * @param stored the row as a Parquet file holds it; empty for other formats. Read-only by agreement
 */
public record SourceRow(
    Map<String, Object> values, Supplier<String> place, Optional<Group> stored) {

  /** A row of a format other than Parquet. */
  SourceRow(Map<String, Object> values, Supplier<String> place) {
    this(values, place, Optional.empty());
  }
}
