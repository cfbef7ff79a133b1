package org.sparklora.engine.torch;

import java.util.Optional;

/**
 * How a device records what operators do, and does it again without being told each one. What is
 * recorded are launches: which kernel, on which memory, with which numbers. So operators that are
 * recorded read what changes from memory that stays where it is, and bring nothing to this process.
 */
interface Recorder {

  /** Runs operators as they will be recorded, so that all that is made once is there. */
  void warmUp(Runnable operators);

  /**
   * Records operators, which do nothing yet, or may have done it.
   *
   * @return empty if the device refuses; then nothing of this attempt is left
   */
  Optional<Recording> record(Runnable operators);

  /** What operators did, to be done again as often as is wanted. */
  interface Recording extends AutoCloseable {

    /** Does it behind all that was asked for before; does not wait. */
    void replay();

    /** Frees it; waits for the last replay. */
    @Override
    void close();
  }
}
