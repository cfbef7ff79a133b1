package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Two steps of decoding of a shape call the same operators with the same numbers and addresses, and
 * so do two draws: what a device that records them relies on.
 */
class SameOperatorsTest {
  /** Bring something to the device, or from it. */
  private static final List<String> TRANSFERS =
      List.of(
          ".create(",
          ".from_blob(",
          ".item_",
          ".cpu(",
          "synchronize(",
          ".to(org.bytedeco.pytorch.Device");

  @Test
  @SuppressWarnings("unchecked")
  void stepsOfAShapeCallTheSameOperatorsWithTheSameArguments() throws Exception {
    ClassLoader loader = new CallsLoader();
    loader.loadClass(RecordedSteps.class.getName()).getMethod("run").invoke(null);
    Map<String, List<List<String>>> runs =
        (Map<String, List<List<String>>>)
            loader.loadClass(Calls.class.getName()).getMethod("runs").invoke(null);

    assertThat(runs.values()).as("kinds of runs").anyMatch(ofAKind -> ofAKind.size() > 3);
    runs.forEach(
        (kind, ofAKind) -> {
          for (int n = 2; n < ofAKind.size(); n++) { // the first allocates
            List<String> calls = ofAKind.get(n);
            for (int i = 0; i < calls.size(); i++) {
              assertThat(calls.get(i))
                  .as("call %d in run %d of %s", i, n, kind)
                  .isEqualTo(ofAKind.get(1).get(i));
            }
            assertThat(calls).hasSameSizeAs(ofAKind.get(1));
          }
          assertThat(ofAKind.get(0)).as("calls of %s", kind).hasSizeGreaterThan(20);
          assertThat(ofAKind.stream().flatMap(List::stream))
              .as("calls of %s", kind)
              .noneMatch(call -> TRANSFERS.stream().anyMatch(call::contains));
        });
  }
}
