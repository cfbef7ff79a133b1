package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Seconds of an exchange, by hand. */
class RoundTrafficTest {
  @Test
  void vectorsGoOutInShardsAndToTheDriver() {
    // 1.25e9 bytes are 10 Gb: out 10 s, half of it to the other worker 5 s, the sum 10 s, and Spark
    RoundTraffic mean = new RoundTraffic(2, 5, 1_250_000_000, 1_250_000_000 / 12);
    assertThat(mean.seconds(1)).isEqualTo(25.3, within(1e-9));
    assertThat(mean.seconds(10)).isEqualTo(2.8, within(1e-9));
    Finding finding = mean.finding();
    assertThat(finding.figure())
        .isEqualTo("2 workers exchange 1.2 GiB every 5 steps: 25 s at 1 Gb/s, 2.8 s at 10 Gb/s");
    // 25.3 s are 1 % of 2530 s, a fifth of that a step; 12 bytes in 5 steps over 1.03 in 30
    assertThat(finding.advice())
        .startsWith("1 % of the time at 1 Gb/s if a step takes 506 s; --outer_optimizer nesterov")
        .endsWith("sends 70 times fewer bytes");
  }

  @Test
  void rareExchangesNeedNoAdvice() {
    RoundTraffic rounds = new RoundTraffic(4, 30, 5_000_000, 4_848_484);
    assertThat(rounds.finding().figure())
        .startsWith("4 workers exchange 5 MiB every 30 steps: 0.41 s");
    assertThat(rounds.finding().advice())
        .endsWith("for a smaller share raise --averaging_frequency");
  }
}
