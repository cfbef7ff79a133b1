package org.sparklora.prep.curate;

import org.sparklora.prep.source.LowerCase;

/** Steps that remove rows, in their order. */
enum Step implements LowerCase {
  /** Rows that cannot be read. */
  READ,
  FILTER,
  EXACT_DUPLICATES,
  NEAR_DUPLICATES,
  DECONTAMINATE
}
