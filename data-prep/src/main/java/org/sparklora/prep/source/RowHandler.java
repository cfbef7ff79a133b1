package org.sparklora.prep.source;

/** Receives the rows of a split in file order. Either method may throw, to end the reading. */
public interface RowHandler {

  /** Receives a row that could be read. */
  void row(SourceRow row);

  /** Receives an unreadable row; reading continues after it where the format allows. */
  default void bad(BadRowException problem) {
    throw problem;
  }

  /** Tells of a row that a mixture holds out, or whose weight gives it no copy. */
  default void passed(boolean heldOut) {}
}
