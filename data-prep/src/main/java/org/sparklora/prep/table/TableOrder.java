package org.sparklora.prep.table;

import java.util.Locale;

/** {@code --dataset_order}: the sort key of a table's rows. */
public enum TableOrder {
  /** The path of a row's data file, and the row's position in it. */
  FILES,
  /** A hash of the row's values. */
  CONTENT;

  /** The name as the user writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
