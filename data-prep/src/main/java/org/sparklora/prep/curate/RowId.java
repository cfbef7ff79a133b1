package org.sparklora.prep.curate;

/**
 * A row's number within its split and the split's number, in one long. Ids have the order of the
 * rows; they exist before all splits are counted, as row numbers do not.
 */
final class RowId {
  static final int POSITION_BITS = 40;

  private RowId() {}

  static long of(int split, long position) {
    return (long) split << POSITION_BITS | position;
  }

  static int split(long id) {
    return (int) (id >>> POSITION_BITS);
  }

  static long position(long id) {
    return id & (1L << POSITION_BITS) - 1;
  }
}
