package org.sparklora.prep.source;

/** Receives the rows of a split in file order. Either method may throw to end the reading. */
public interface RowHandler {

  /** A row that could be read. */
  void row(SourceRow row);

  /** A row that could not be read; reading goes on behind it where the format allows that. */
  void bad(BadRowException problem);
}
