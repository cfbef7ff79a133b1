package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklora.train.StepRows;

class WorkerSpeedsTest {
  private static List<List<StepRows>> round(int workers, int steps) {
    return IntStream.range(0, workers)
        .mapToObj(
            worker ->
                IntStream.range(0, steps)
                    .mapToObj(step -> new StepRows(step, 0, 1, List.of(new int[] {worker, step})))
                    .toList())
        .toList();
  }

  private static List<Integer> counts(List<List<StepRows>> dealt) {
    return dealt.stream().map(List::size).toList();
  }

  @Test
  void equalWorkersGetTheirBatchesByThePlan() {
    List<List<StepRows>> round = round(3, 4);
    assertThat(new WorkerSpeeds(3).deal(round)).isEqualTo(round);
  }

  @Test
  void aWorkerOfHalfTheSpeedGetsHalfAsManyInTheOrderOfSteps() {
    WorkerSpeeds speeds = new WorkerSpeeds(2);
    speeds.measured(0, 10.0 / 30);
    speeds.measured(1, 20.0 / 30);

    List<List<StepRows>> round = round(2, 30);
    List<List<StepRows>> dealt = speeds.deal(round);

    assertThat(counts(dealt)).containsExactly(40, 20);
    assertThat(dealt.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(round.stream().flatMap(List::stream).toList());
    for (List<StepRows> worker : dealt) {
      assertThat(worker.stream().map(StepRows::step)).isSorted();
    }
    assertThat(dealt.get(1).stream().map(StepRows::step).limit(4)).containsExactly(0, 2, 3, 5);
  }

  @Test
  void theSlowestWorkerEndsAsEarlyAsItCan() {
    WorkerSpeeds speeds = new WorkerSpeeds(2);
    speeds.measured(0, 1.0 / 51);
    speeds.measured(1, 1.0 / 25);
    // 40 and 20 would end after 0.80 of a second, 41 and 19 after 0.804
    assertThat(counts(speeds.deal(round(2, 30)))).containsExactly(40, 20);
    speeds.measured(1, 1.0 / 24);
    // 40 and 20 would end after 0.83 of a second
    assertThat(counts(speeds.deal(round(2, 30)))).containsExactly(41, 19);
  }

  private static List<StepRows> all(int workers, int steps) {
    return round(workers, steps).stream().flatMap(List::stream).toList();
  }

  @Test
  void theSlowestHasABatch() {
    WorkerSpeeds speeds = new WorkerSpeeds(3);
    speeds.measured(0, 1.0 / 1);
    speeds.measured(1, 1.0 / 1);
    speeds.measured(2, 1000.0 / 1);
    assertThat(counts(speeds.deal(round(3, 2)))).containsExactly(3, 2, 1);
  }

  @Test
  void aWorkerThatWasLeftOutCountsAsHalfAsFast() {
    WorkerSpeeds speeds = new WorkerSpeeds(2);
    speeds.measured(0, 10.0 / 30);
    speeds.leftOut(1);
    assertThat(counts(speeds.deal(round(2, 30)))).containsExactly(40, 20);
    speeds.leftOut(1);
    assertThat(counts(speeds.deal(round(2, 30)))).containsExactly(48, 12);
    speeds.measured(1, 4.0 / 12);
    assertThat(counts(speeds.deal(round(2, 30)))).containsExactly(30, 30);
  }

  @Test
  void aRoundWithFewerBatchesThanWorkersLeavesSomeIdle() {
    assertThat(counts(new WorkerSpeeds(3).deal(List.of(all(1, 1), all(1, 1), List.of()))))
        .containsExactly(1, 1, 0);
  }
}
