package org.sparklora.engine.torch;

import java.util.Optional;

/**
 * Records operators of a device, and replays them without a call for each one. A recording holds
 * launches: kernels, with the addresses and numbers of their arguments. So recorded operators read
 * changing values from memory at a fixed address, and copy nothing to host memory.
 */
interface Recorder {

  /** Runs operators as they will be recorded, so that one-time allocations are made before. */
  void warmUp(Runnable operators);

  /**
   * Records operators, which may or may not run meanwhile; empty if the device refuses, and then
   * the attempt leaves nothing behind.
   */
  Optional<Recording> record(Runnable operators);

  /** Recorded operators, to be replayed any number of times. */
  interface Recording extends AutoCloseable {

    /** Queues the operators behind all earlier work; does not wait. */
    void replay();

    /** Waits for the last replay, then frees the recording. */
    @Override
    void close();
  }
}
