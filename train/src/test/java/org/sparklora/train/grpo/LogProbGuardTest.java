package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.train.grpo.LogProbGuard.PolicyMismatchException;

class LogProbGuardTest {

  @Test
  void roundingPassesAndIsMeasured() {
    LogProbGuard guard = new LogProbGuard(6, 0.05);
    guard.compare(List.of(new float[] {-1f, -2f}), List.of(new float[] {-1.03f, -2f}));
    guard.compare(List.of(new float[] {-3f}), List.of(new float[] {-2.97f}));

    assertThat(guard.require().metrics().get("sampling/sampling_logp_difference/mean"))
        .isCloseTo(0.02, within(1e-6));
    assertThat(guard.metrics().get("sampling/sampling_logp_difference/max"))
        .isCloseTo(0.03, within(1e-6));
  }

  @Test
  void anotherPolicyStopsTheRun() {
    LogProbGuard guard = new LogProbGuard(6, 0.05);
    guard.compare(List.of(new float[] {-1f, -2f}), List.of(new float[] {-1f, -2.2f}));

    assertThatThrownBy(() -> guard.require())
        .isInstanceOf(PolicyMismatchException.class)
        .hasMessageContaining("round 7")
        .hasMessageContaining("2 tokens")
        .hasMessageContaining("differ by 0.100")
        .hasMessageContaining("max_logprob_difference = 0.05")
        .hasMessageContaining("other parameters");
  }

  @Test
  void aPolicyWithoutNumbersIsNamed() {
    LogProbGuard guard = new LogProbGuard(6, 0.05);
    guard.compare(List.of(new float[] {-1f}), List.of(new float[] {Float.NaN}));

    assertThatThrownBy(() -> guard.require()).hasMessageContaining("diverged");
  }
}
