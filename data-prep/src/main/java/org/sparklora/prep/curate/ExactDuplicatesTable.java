package org.sparklora.prep.curate;

/** Removes all rows but one of those with the same normalised text. */
final class ExactDuplicatesTable {
  private ExactDuplicatesTable() {}

  static void remove(SketchTable sketches, CurateConfig.Keep keep) {
    sketches.removeAllButOne(
        Step.EXACT_DUPLICATES,
        sketches.rows(),
        new String[] {"hash_high", "hash_low"},
        keep,
        "same text");
  }
}
