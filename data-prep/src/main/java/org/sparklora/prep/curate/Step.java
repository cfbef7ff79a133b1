package org.sparklora.prep.curate;

import java.util.Locale;

/** Steps that remove rows, in their order. */
enum Step {
  /** Rows that cannot be read. */
  READ,
  FILTER,
  EXACT_DUPLICATES,
  NEAR_DUPLICATES,
  DECONTAMINATE;

  /** The name in the table of removed rows and in the manifest. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
