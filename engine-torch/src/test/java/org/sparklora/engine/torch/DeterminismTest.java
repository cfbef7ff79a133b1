package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;

/** What libtorch is told; only a GPU computes otherwise then. */
class DeterminismTest {
  private static final String PROPERTY = "lora.deterministic";

  @AfterEach
  void leaveItAsItWas() {
    System.clearProperty(PROPERTY);
    Engines.open("torch", 1).close();
  }

  @Test
  void libtorchTakesDeterministicKernelsWhenTold() {
    try (Engine usual = Engines.open("torch", 1)) {
      assertThat(torch.globalContext().deterministicAlgorithms()).isFalse();
      assertThat(usual.isInThisProcess()).isTrue();
    }
    Engines.makeDeterministic();
    try (Engine deterministic = Engines.open("torch", 1)) {
      assertThat(torch.globalContext().deterministicAlgorithms()).isTrue();
      assertThat(torch.globalContext().deterministicAlgorithmsWarnOnly()).isTrue();
      assertThat(deterministic.isInThisProcess()).isTrue();
    }
  }
}
