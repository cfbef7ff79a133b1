package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

@Timeout(60) // a thread that waits for the tracker would wait for ever
class TrackerThreadTest {
  private final CountDownLatch answers = new CountDownLatch(1);
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final List<TrackedRow> log = new CopyOnWriteArrayList<>();
  private final TrackerThread tracker =
      new TrackerThread(new TolerantSink("Test", "nothing", Silent::new));

  /** Takes nothing before the latch is open. */
  private final class Silent implements Sink {
    @Override
    public void replay(List<TrackedRow> rows) {
      await();
      told.add("all " + rows.size());
    }

    @Override
    public void append(TrackedRow row) {
      await();
      told.add("row " + row.step());
    }

    private void await() {
      try {
        answers.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {}
  }

  private void append(int step) {
    log.add(new TrackedRow(step, 0, Instant.EPOCH, Map.of("loss", 1), List.of(), List.of()));
    tracker.append(log.get(log.size() - 1));
  }

  @Test
  void whoLogsDoesNotWaitForATrackerThatDoesNotAnswer() {
    tracker.begin(0, List::of);
    append(1);
    append(2);
    assertThat(told).isEmpty(); // and yet this thread is here
    answers.countDown();
    assertThat(TrackerThread.end(List.of(tracker), Duration.ofMinutes(1))).isTrue();
    assertThat(told).containsExactly("all 0", "row 1", "row 2");
  }

  @Test
  void rowsBeyondThoseThatWaitAreReadFromTheLog() {
    AtomicBoolean begun = new AtomicBoolean();
    tracker.begin(0, () -> begun.getAndSet(true) ? log : List.of());
    for (int step = 1; step <= 1500; step++) {
      append(step);
    }
    answers.countDown();
    assertThat(TrackerThread.end(List.of(tracker), Duration.ofMinutes(1))).isTrue();
    assertThat(told).startsWith("all 0", "row 1", "row 2").endsWith("all 1500");
    assertThat(told).doesNotContain("row 1500");
  }

  @Test
  void theEndOfARunWaitsForATrackerNoLongerThanItsTime() {
    tracker.begin(0, List::of);
    append(1);
    assertThat(TrackerThread.end(List.of(tracker), Duration.ofMillis(50))).isFalse();
    assertThat(told).isEmpty();
  }

  @Test
  void aRunThatIsInterruptedStillTellsItsEnd() {
    answers.countDown();
    tracker.begin(0, List::of);
    append(1);
    Thread.currentThread().interrupt();
    assertThat(TrackerThread.end(List.of(tracker), Duration.ofMinutes(1))).isTrue();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(told).containsExactly("all 0", "row 1");
  }
}
