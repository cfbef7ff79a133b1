package org.sparklora.hub;

/** Follows a download or an upload. Called by several threads, one at a time. */
@FunctionalInterface
public interface TransferListener {
  TransferListener SILENT = (what, done, total, resumed) -> {};

  /**
   * @param what repository and direction
   * @param done bytes so far, those of an earlier attempt included
   * @param total bytes in all
   * @param resumed bytes of {@code done} that were in the cache already
   */
  void progress(String what, long done, long total, long resumed);
}
