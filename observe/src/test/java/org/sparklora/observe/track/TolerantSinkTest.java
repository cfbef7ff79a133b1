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
  private final List<TrackedRow> log = new ArrayList<>();
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
              public void close() throws IOException {
                if (broken) {
                  throw new IOException("broken");
                }
              }
            };
          },
          () -> nanos);

  private TrackedRow logged(int step) {
    log.add(new TrackedRow(step, 0, Instant.EPOCH, Map.of("loss", 1), List.of(), List.of()));
    return log.get(log.size() - 1);
  }

  private void append(int step) {
    tolerant.append(log.size(), logged(step));
  }

  @Test
  void aTrackerThatFailsIsTriedAgainAfterLongerAndLongerPauses() {
    tolerant.begin(0, () -> log);
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
    assertThat(tolerant.end(7)).isTrue();
  }

  @Test
  void aTrackerThatFailsToTheEndIsSaidToKnowNotAll() {
    broken = true;
    tolerant.begin(0, () -> log);
    append(1);
    assertThat(tolerant.end(1)).isFalse();
    assertThat(told).containsExactly("refused", "refused");
    assertThat(tolerant.missing(1)).isEqualTo("1 of 1 rows are missing; nothing");
  }

  /** An object store shows a file only when it is closed. */
  @Test
  void aTrackerThatCannotBeClosedIsSaidToKnowNotAll() {
    tolerant.begin(0, () -> log);
    append(1);
    broken = true;
    assertThat(tolerant.end(1)).isFalse();
  }

  @Test
  void rowsThatWereLeftOutAreReadFromTheLog() {
    tolerant.begin(0, () -> log);
    append(1);
    logged(2);
    append(3);
    append(4);
    logged(5);
    assertThat(tolerant.end(5)).isTrue();
    assertThat(told).containsExactly("all 0", "row 1", "all 3", "row 4", "all 5");
  }

  @Test
  void rowsOfALogThatWasReadLaterAreNotToldTwice() {
    TrackedRow first = logged(1);
    tolerant.begin(0, () -> log);
    tolerant.append(0, first);
    append(2);
    assertThat(told).containsExactly("all 1", "row 2");
  }
}
