package org.sparklora.pipeline.run;

import java.util.Optional;
import org.sparklora.hub.TransferListener;

/** Shows a large transfer on the terminal, with rate and time left. */
public final class HubProgress implements TransferListener {
  private static final long WORTH_SHOWING_BYTES = 64L << 20;

  private Optional<Progress> progress = Optional.empty();

  @Override
  public void progress(String what, long done, long total, long resumed) {
    if (total < WORTH_SHOWING_BYTES) {
      return;
    }
    if (progress.isEmpty()) {
      progress = Optional.of(Progress.start(what, "bytes"));
    }
    Progress shown = progress.get();
    shown.goOnFrom((double) resumed / total, resumed);
    if (done >= total) {
      shown.done(done);
    } else {
      shown.show((double) done / total, done);
    }
  }
}
