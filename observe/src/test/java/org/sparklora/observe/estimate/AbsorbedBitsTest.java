package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AbsorbedBitsTest {
  private static final double ROUNDING = 1e-9;
  private static final double LN_2 = Math.log(2);

  private static Map<String, Object> row(double epoch, double loss) {
    return Map.of("epoch", epoch, "loss", loss);
  }

  @Test
  void whatTheLossFellIsAbsorbed() {
    List<Map<String, Object>> history =
        List.of(
            row(0.25, 2.0), row(0.5, 1.5), row(1.0, 1.0), Map.of("epoch", 1.0, "train_loss", 9));

    AbsorbedBits bits = AbsorbedBits.of(history, 1000).orElseThrow();

    assertThat(bits.absorbed()).isCloseTo((250 * 0.5 + 500 * 1.0) / LN_2, within(ROUNDING));
    assertThat(bits.description())
        .isCloseTo((250 * 2.0 + 250 * 1.5 + 500 * 1.0) / LN_2, within(ROUNDING));
    assertThat(bits.tokens()).isEqualTo(1000);
  }

  @Test
  void laterEpochsTeachNothingNew() {
    List<Map<String, Object>> history = List.of(row(0.5, 2.0), row(1.5, 1.0), row(2.0, 0.1));

    AbsorbedBits bits = AbsorbedBits.of(history, 100).orElseThrow();

    assertThat(bits.absorbed()).isCloseTo(50 * 1.0 / LN_2, within(ROUNDING));
    assertThat(bits.tokens()).isEqualTo(100);
  }

  @Test
  void aRunThatStopsEarlyHasSeenItsShareOnly() {
    AbsorbedBits bits = AbsorbedBits.of(List.of(row(0.1, 3.0)), 1000).orElseThrow();

    assertThat(bits.absorbed()).isZero();
    assertThat(bits.tokens()).isCloseTo(100, within(ROUNDING));
  }

  @Test
  void withoutALoggedLossNothingIsKnown() {
    assertThat(AbsorbedBits.of(List.of(Map.of("epoch", 1.0, "train_loss", 2.0)), 10)).isEmpty();
  }
}
