package org.sparklora.prep.table;

import org.sparklora.prep.source.LowerCase;

/** {@code --dataset_order}: the sort key of a table's rows. */
public enum TableOrder implements LowerCase {
  /** The path of a row's data file, and the row's position in it. */
  FILES,
  /** A hash of the row's values. */
  CONTENT
}
