package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RoundsAheadTest {
  private int version; // of the policy
  private final List<String> events = new ArrayList<>();

  /** Draws a round's number and the version of the policy that drew it. */
  private RoundsAhead.Drawing<String> drawing(int number) {
    int drawer = version;
    return drawing(number, () -> "round %d by %d".formatted(number, drawer));
  }

  private RoundsAhead.Drawing<String> drawing(int number, Supplier<String> drawn) {
    return new RoundsAhead.Drawing<>(drawn, () -> events.add("freed " + number));
  }

  private List<String> run(int ahead, int from, int to, SortedMap<Integer, String> drawn) {
    List<String> rounds = new ArrayList<>();
    try (RoundsAhead<String> all = new RoundsAhead<String>(ahead, to, this::drawing, drawn)) {
      for (int number = from; number < to; number++) {
        version = 10 * number;
        rounds.add(all.next(number));
      }
    }
    return rounds;
  }

  @Test
  void drawsARoundFromThePolicyOfSomeRoundsBefore() {
    assertThat(run(0, 0, 3, new TreeMap<>()))
        .containsExactly("round 0 by 0", "round 1 by 10", "round 2 by 20");
    assertThat(run(1, 0, 4, new TreeMap<>()))
        .containsExactly("round 0 by 0", "round 1 by 0", "round 2 by 10", "round 3 by 20");
    assertThat(run(3, 0, 5, new TreeMap<>()))
        .containsExactly(
            "round 0 by 0", "round 1 by 0", "round 2 by 0", "round 3 by 0", "round 4 by 10");
  }

  @Test
  void freesThePolicyOfEachRoundOnceAndDrawsNoneBeyondTheEnd() {
    run(2, 0, 4, new TreeMap<>());

    assertThat(events).containsExactly("freed 0", "freed 1", "freed 2", "freed 3");
  }

  @Test
  void goesOnWithTheRoundsThatWereDrawnBefore() {
    SortedMap<Integer, String> drawn = new TreeMap<>();
    try (RoundsAhead<String> before =
        new RoundsAhead<String>(2, 6, this::drawing, new TreeMap<>())) {
      for (int number = 0; number < 3; number++) {
        version = 10 * number;
        before.next(number);
      }
      drawn.putAll(before.drawn());
    }
    assertThat(drawn.keySet()).containsExactly(3, 4);

    assertThat(run(2, 3, 6, drawn))
        .containsExactly("round 3 by 10", "round 4 by 20", "round 5 by 30");
  }

  @Test
  void aRoundThatFailsEndsTheRunWhenItIsNeeded() {
    RoundsAhead<String> rounds =
        new RoundsAhead<String>(
            1, 3, number -> drawing(number, () -> noPromptsInRoundOne(number)), new TreeMap<>());
    assertThat(rounds.next(0)).isEqualTo("drawn");
    assertThatThrownBy(() -> rounds.next(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no prompts");
    rounds.close();
    assertThat(events).containsExactly("freed 0", "freed 1", "freed 2");
  }

  private static String noPromptsInRoundOne(int number) {
    if (number == 1) {
      throw new IllegalArgumentException("no prompts");
    }
    return "drawn";
  }

  @Test
  void closingStopsARoundThatIsBeingDrawnBeforeItsPolicyIsFreed() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    RoundsAhead<String> rounds =
        new RoundsAhead<String>(
            1, 9, number -> drawing(number, () -> endless(number, begun)), new TreeMap<>());
    rounds.next(0);
    begun.await();
    rounds.close();

    assertThat(events).containsExactly("freed 0", "stopped 1", "freed 1");
  }

  /** Draws until it is interrupted, but for round 0. */
  private String endless(int number, CountDownLatch begun) {
    if (number > 0) {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        events.add("stopped " + number);
      }
    }
    return "drawn";
  }
}
