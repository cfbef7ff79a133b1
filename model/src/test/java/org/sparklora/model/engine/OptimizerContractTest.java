package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.tensor.Tensor;

/** AdamW of every implementation. */
class OptimizerContractTest {
  /** Parameters are about 2, where float32 resolves 2.4e-7; five roundings of at most that. */
  private static final double FLOAT_STEPS = 5e-7;

  private static final long SEED = 20_251_127;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  static Stream<Arguments> enginesAndSizes() {
    return EnginesUnderTest.others()
        .flatMap(
            engine -> Stream.of(0, 1, 17, 1024, 2051, 70_001).map(size -> arguments(engine, size)));
  }

  /** Parameters, gradient and moments, each between guards. */
  private record State(
      GuardedTensor parameters, GuardedTensor gradient, GuardedTensor first, GuardedTensor second)
      implements AutoCloseable {
    static State of(Engine engine, float[] parameters) {
      return new State(
          GuardedTensor.of(engine, parameters, parameters.length),
          GuardedTensor.filled(engine, 0, parameters.length),
          GuardedTensor.filled(engine, 0, parameters.length),
          GuardedTensor.filled(engine, 0, parameters.length));
    }

    void take(Engine engine, float[] of, AdamW step) {
      gradient.tensor().write(0, of, 0, of.length);
      engine.adamW(
          new AdamW.Vectors(
              parameters.tensor(), gradient.tensor(), first.tensor(), second.tensor()),
          step);
      gradient.assertCloseTo(new float[of.length], 0);
    }

    void assertClose(float[] p, float[] m, float[] v, double tolerance) {
      parameters.assertCloseTo(p, tolerance);
      first.assertCloseTo(m, tolerance);
      second.assertCloseTo(v, tolerance);
    }

    @Override
    public void close() {
      Stream.of(parameters, gradient, first, second).forEach(GuardedTensor::close);
    }
  }

  /** From moments of zero a step is lr·sign(g), whatever scales g; λ = 0.5 shrinks the first. */
  @EachEngine
  @MethodSource("engines")
  void aFirstStepGoesByTheRateAgainstTheGradientsSign(Engine engine) {
    try (State state = State.of(engine, new float[] {1, 2, 3})) {
      state.take(
          engine, new float[] {0.5f, -2, 0}, new AdamW(1, 0.1, 0.9, 0.99, 1e-12, 0.5, 1, 0.5));
      state.assertClose(
          new float[] {1 - 0.1f - 0.1f * 0.5f, 2 + 0.1f, 3},
          new float[] {0.1f * 0.25f, -0.1f, 0},
          new float[] {0.01f * 0.0625f, 0.01f, 0},
          FLOAT_STEPS);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void agreesWithTorchWhereGradientsShrinkVanishAndTheRateIsZero(Engine engine) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode golden = mapper.readTree(getClass().getResourceAsStream("/golden/torch/adamw.json"));
    int decayed = golden.get("decayed").asInt();
    try (State state = State.of(engine, floats(mapper, golden.get("initial")))) {
      for (int step = 0; step < golden.get("lr").size(); step++) {
        JsonNode expected = golden.get("steps").get(step);
        double rate = golden.get("lr").get(step).asDouble();
        state.take(
            engine,
            floats(mapper, expected.get("gradient")),
            new AdamW(step + 1, rate, 0.9, 0.999, 1e-8, golden.get("wd").asDouble(), decayed, 1));
        state.parameters().assertCloseTo(floats(mapper, expected.get("after")), FLOAT_STEPS);
      }
    }
  }

  private static float[] floats(ObjectMapper mapper, JsonNode node) {
    return mapper.convertValue(node, float[].class);
  }

  @EachEngine
  @MethodSource("enginesAndSizes")
  void stepsAgreeWithTheReferencesOnBothSidesOfWhatDecays(Engine engine, int size) {
    float[] start = GuardedTensor.randomValues(SEED, size);
    try (State expected = State.of(REFERENCE, start);
        State state = State.of(engine, start)) {
      for (int step = 1; step <= 3; step++) {
        AdamW adamW = new AdamW(step, 0.01, 0.9, 0.999, 1e-8, 0.1, size / 3, 0.7);
        float[] gradient = GuardedTensor.randomValues(SEED + step, size);
        expected.take(REFERENCE, gradient, adamW);
        state.take(engine, gradient, adamW);
        state.assertClose(
            expected.parameters().values(),
            expected.first().values(),
            expected.second().values(),
            FLOAT_STEPS);
      }
    }
  }

  /** Executors have other numbers of cores, and other processors, than the driver. */
  @Test
  void bitsDependNeitherOnThreadsNorOnVectors() {
    int size = 100_003;
    float[] start = GuardedTensor.randomValues(SEED, size);
    float[] gradient = GuardedTensor.randomValues(SEED + 1, size);
    AdamW adamW = new AdamW(3, 0.01, 0.9, 0.999, 1e-8, 0.1, size / 3, 0.7);
    try (State expected = State.of(REFERENCE, start)) {
      expected.take(REFERENCE, gradient, adamW);
      for (Engine engine : ThreadCountTest.MORE_THREADS) {
        try (State state = State.of(engine, start)) {
          state.take(engine, gradient, adamW);
          assertThat(state.parameters().values()).isEqualTo(expected.parameters().values());
          assertThat(state.first().values()).isEqualTo(expected.first().values());
          assertThat(state.second().values()).isEqualTo(expected.second().values());
        }
      }
    }
  }

  @EachEngine
  @MethodSource("engines")
  void refusesVectorsOfAnotherSize(Engine engine) {
    try (Tensor three = engine.allocate(3);
        Tensor two = engine.allocate(2)) {
      assertThatThrownBy(
              () ->
                  engine.adamW(
                      new AdamW.Vectors(three, three, three, two),
                      new AdamW(1, 0.1, 0.9, 0.999, 1e-8, 0, 0, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("differ in size");
    }
    assertThatThrownBy(() -> new AdamW(0, 0.1, 0.9, 0.999, 1e-8, 0, 0, 1))
        .hasMessageContaining("step 0");
  }
}
