package org.sparklora.prep.format;

import java.io.Serializable;
import java.util.Set;

/** The recognised format of a dataset's rows. Immutable. */
public sealed interface RowFormat extends Serializable permits DatasetFormat, ProblemFormat {
  /** Name and columns, for logs and the manifest. */
  String description();

  /** The columns to read; empty: all. Some of them may be missing in a row. */
  Set<String> columns();
}
