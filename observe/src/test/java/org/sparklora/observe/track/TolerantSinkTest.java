package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

class TolerantSinkTest {
  private final List<String> told = new ArrayList<>();
  private boolean broken;
  private long nanos;

  private final TolerantSink tolerant =
      new TolerantSink(
          "Test",
          "nothing",
          () -> {
            if (broken) {
              told.add("refused");
              throw new IOException("broken");
            }
            return new Sink() {
              @Override
              public void replay(List<TrackedRow> rows) {
                told.add("all " + rows.size());
              }

              @Override
              public void append(TrackedRow row) throws IOException {
                if (broken) {
                  throw new IOException("broken");
                }
                told.add("row " + row.step());
              }

              @Override
              public void close() {}
            };
          },
          () -> nanos);

  private void append(int step) {
    tolerant.append(
        new TrackedRow(step, 0, Instant.EPOCH, Map.of("loss", 1), List.of(), List.of()));
  }

  @Test
  void aTrackerThatFailsIsTriedAgainAfterLongerAndLongerPauses() {
    tolerant.begin(List.of());
    append(1);
    broken = true;
    append(2);
    append(3);
    assertThat(told).containsExactly("all 0", "row 1");
    nanos += TimeUnit.SECONDS.toNanos(60);
    append(4);
    nanos += TimeUnit.SECONDS.toNanos(119);
    append(5);
    assertThat(told).containsExactly("all 0", "row 1", "refused");
    broken = false;
    nanos += TimeUnit.SECONDS.toNanos(1);
    append(6);
    append(7);
    assertThat(told).containsExactly("all 0", "row 1", "refused", "all 6", "row 7");
    assertThat(tolerant.end()).isTrue();
  }

  @Test
  void aTrackerThatFailsToTheEndIsSaidToKnowNotAll() {
    broken = true;
    tolerant.begin(List.of());
    append(1);
    assertThat(tolerant.end()).isFalse();
    assertThat(told).containsExactly("refused", "refused");
  }
}
