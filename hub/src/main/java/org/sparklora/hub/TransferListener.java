package org.sparklora.hub;

/** Follows a download or an upload. Called by several threads, one at a time. */
@FunctionalInterface
public interface TransferListener {
  /** Hears nothing. */
  TransferListener SILENT = (what, done, total, resumed) -> {};

  /**
   * @param what repository and direction
   * @param done bytes so far, those of an earlier attempt included
   * @param total bytes in all
   * @param resumed bytes that an earlier attempt had left
   */
  void progress(String what, long done, long total, long resumed);
}
