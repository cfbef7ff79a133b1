package org.sparklora.prep.table;

import java.util.Locale;

/** {@code --dataset_order}: what puts the rows of a table in order. */
public enum TableOrder {
  /** The data file they lie in, by path, and their place in it. */
  FILES,
  /** A hash of what they hold. */
  CONTENT;

  /** The name as the user writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
