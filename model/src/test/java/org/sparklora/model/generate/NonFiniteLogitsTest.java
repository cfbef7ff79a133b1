package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;

/** Every way to pick a token refuses logits of a model that diverged, and says of which prompt. */
@Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NonFiniteLogitsTest {
  private static final int VOCABULARY = 100;

  private record Mode(
      String name, float temperature, int topK, float topP, float minP, float fine) {
    SamplingConfig config() {
      return new SamplingConfig(
          1, 4, new SamplingRule(temperature, topK, topP, minP, fine), Set.of(), 1);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Arguments> cases() {
    List<Mode> modes =
        List.of(
            new Mode("greedy", 0, 0, 1, 0, 1),
            new Mode("plain", 1, 0, 1, 0, 1),
            new Mode("top_k", 1, 5, 1, 0, 1),
            new Mode("top_p", 1, 0, 0.9f, 0, 1),
            new Mode("min_p", 1, 0, 1, 0.1f, 1),
            new Mode("repetition_penalty", 1, 0, 1, 0, 1.2f),
            new Mode("greedy with repetition_penalty", 0, 0, 1, 0, 1.2f),
            new Mode("all of them", 0.7f, 50, 0.9f, 0.05f, 1.2f));
    return EnginesUnderTest.all()
        .flatMap(
            engine ->
                modes.stream()
                    .flatMap(
                        mode ->
                            Stream.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)
                                .map(value -> arguments(engine, mode, value))));
  }

  @EachEngine
  @MethodSource("cases")
  void areRefused(Engine engine, Mode mode, float value) {
    for (int damaged : new int[] {1, VOCABULARY}) { // of the second row's logits
      float[] values = new float[3 * VOCABULARY];
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 7;
      }
      for (int i = 0; i < damaged; i++) {
        values[VOCABULARY + i] = value;
      }
      SamplingConfig config = mode.config();
      try (Tensor logits = engine.allocate(3, VOCABULARY)) {
        logits.write(0, values, 0, values.length);
        assertThatThrownBy(
                () -> Generator.draw(engine, config, logits, List.of(row(7), row(8), row(9))))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("prompt 8")
            .hasMessageContaining("NaN or infinite");
        // the rows beside it are as good as any
        assertThat(Generator.draw(engine, config, logits.rows(2, 3), List.of(row(9))).tokens()[0])
            .isBetween(0, VOCABULARY - 1);
      }
    }
  }

  private static Row row(long prompt) {
    return new Row(new Prompt(prompt, new int[] {1, 2}), 0, List.of());
  }
}
