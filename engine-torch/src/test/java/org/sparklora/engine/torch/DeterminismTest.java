package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;

/** What libtorch is told; only a GPU computes otherwise then. */
class DeterminismTest {
  private static boolean isDeterministic() {
    return torch.globalContext().deterministicAlgorithms();
  }

  @Test
  void libtorchTakesDeterministicKernelsAsLongAsSomebodyWantsThem() {
    EngineChoice usual = new EngineChoice("torch", false);
    EngineChoice full = new EngineChoice("torch", true);
    assertThat(Engines.of(full))
        .as("what one of them has recorded, the other must not repeat")
        .isNotSameAs(Engines.of(usual));
    assertThat(isDeterministic()).isFalse();
    Engines.begin(full);
    Engines.begin(full);
    assertThat(isDeterministic()).isTrue();
    assertThat(torch.globalContext().deterministicAlgorithmsWarnOnly()).isTrue();
    Engines.begin(usual);
    Engines.end(usual);
    Engines.end(full);
    assertThat(isDeterministic()).isTrue();
    Engines.end(full);
    assertThat(isDeterministic()).isFalse();
    Engines.close();
  }
}
