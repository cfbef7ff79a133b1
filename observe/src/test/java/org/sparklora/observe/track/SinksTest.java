package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.observe.track.sink.RunLabel;

class SinksTest {
  @TempDir private Path folder;

  @Test
  void aLongNameOfARunIsCutInTheNameOfItsFolder() throws IOException {
    List<TrackerThread> trackers =
        Sinks.of(
            new TrackingConfig(
                EnumSet.of(TrackingConfig.Tracker.TENSORBOARD), "project", 1, Optional.empty()),
            new RunLabel("1d", "x".repeat(300), Map.of("seed", 1)),
            FileSystem.getLocal(new Configuration()),
            new org.apache.hadoop.fs.Path(folder.toUri()));
    trackers.forEach(tracker -> tracker.begin(0, List::of));

    assertThat(TrackerThread.end(trackers, Duration.ofMinutes(1))).isTrue();
    assertThat(folder.resolve("runs").resolve("x".repeat(200))).isNotEmptyDirectory();
  }
}
