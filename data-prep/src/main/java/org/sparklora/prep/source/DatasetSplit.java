package org.sparklora.prep.source;

import java.io.Serializable;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * A part of a data file that one task reads. Splits depend on the files alone, never on the number
 * of cores; read in the order of their list, they give the dataset's rows in order.
 *
 * <p>Immutable and serialisable with Java's serialiser (they are records, which Kryo 4 cannot
 * write).
 */
public sealed interface DatasetSplit extends Serializable
    permits ParquetSplit, JsonLinesSplit, JsonArraySplit, CsvSplit {

  DatasetFile file();

  /**
   * Reads the rows in order.
   *
   * @param columns the columns to read; others may be left out. Empty: all columns
   */
  void read(Configuration configuration, Set<String> columns, RowHandler handler);
}
