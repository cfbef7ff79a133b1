package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.AttentionTensors.Gradients;

/** Attention of every implementation against the reference's. */
class AttentionContractTest {
  private static final long SEED = 99;

  /** Averages of numbers below 1 under a softmax whose exponents carry a few roundings. */
  private static final double FORWARD = 5e-6;

  /** Sums over up to 300 queries of a group of heads. */
  private static final double BACKWARD = 1e-4;

  /** Keys that a query sees: all, itself, less than a tile, more than one. */
  private static final List<Integer> WINDOWS = List.of(Branch.ALL, 1, 13, 100);

  static Stream<Arguments> cases() {
    List<Heads> heads =
        List.of(
            new Heads(4, 2, 16),
            new Heads(9, 3, 64),
            new Heads(2, 1, 128),
            new Heads(3, 3, 32),
            new Heads(2, 2, 5));
    List<Segments> segments =
        List.of(
            Segments.ofLengths(1),
            Segments.ofLengths(1, 2, 3),
            Segments.ofLengths(17, 64, 1, 65),
            Segments.ofLengths(129, 7),
            Segments.ofLengths(300));
    return EnginesUnderTest.others()
        .flatMap(
            k ->
                heads.stream()
                    .flatMap(
                        h ->
                            segments.stream()
                                .flatMap(s -> WINDOWS.stream().map(w -> arguments(k, h, s, w)))));
  }

  /** Inputs and outputs of one call. */
  private static final class Case implements AutoCloseable {
    final Heads heads;
    final Segments segments;
    final float scale;
    final GuardedTensor q;
    final GuardedTensor k;
    final GuardedTensor v;
    final GuardedTensor dY;
    final GuardedTensor y;
    final GuardedTensor logSumExp;
    final GuardedTensor dQ;
    final GuardedTensor dK;
    final GuardedTensor dV;

    Case(Engine engine, Heads heads, Segments segments) {
      int n = segments.tokens();
      long queryWidth = (long) heads.query() * heads.size();
      long keyWidth = (long) heads.keyValue() * heads.size();
      this.heads = heads;
      this.segments = segments;
      this.scale = 2 / (float) Math.sqrt(heads.size());
      q = GuardedTensor.random(engine, SEED, n, queryWidth);
      k = GuardedTensor.random(engine, SEED + 1, n, keyWidth);
      v = GuardedTensor.random(engine, SEED + 2, n, keyWidth);
      dY = GuardedTensor.random(engine, SEED + 3, n, queryWidth);
      y = GuardedTensor.filled(engine, Float.NaN, n, queryWidth);
      logSumExp = GuardedTensor.filled(engine, Float.NaN, n, heads.query());
      dQ = GuardedTensor.filled(engine, 1, n, queryWidth);
      dK = GuardedTensor.filled(engine, 1, n, keyWidth);
      dV = GuardedTensor.filled(engine, 1, n, keyWidth);
    }

    void run(Engine engine) {
      run(engine, Branch.ALL);
    }

    void run(Engine engine, int window) {
      AttentionTensors tensors =
          new AttentionTensors(q.tensor(), k.tensor(), v.tensor(), y.tensor(), logSumExp.tensor());
      try (AttentionMask all = engine.mask(segments)) {
        AttentionMask mask = all.within(window);
        engine.attention(tensors, heads, mask, scale);
        engine.attentionBackward(
            tensors,
            new Gradients(dY.tensor(), dQ.tensor(), dK.tensor(), dV.tensor()),
            heads,
            mask,
            scale);
      }
    }

    @Override
    public void close() {
      Stream.of(q, k, v, dY, y, logSumExp, dQ, dK, dV).forEach(GuardedTensor::close);
    }
  }

  @EachEngine
  @MethodSource("cases")
  void forwardAndBackwardAgreeWithReference(
      Engine engine, Heads heads, Segments segments, int window) {
    try (Case expected = new Case(REFERENCE, heads, segments);
        Case actual = new Case(engine, heads, segments)) {
      expected.run(REFERENCE, window);
      actual.run(engine, window);
      actual.y.assertCloseTo(expected.y.values(), FORWARD);
      actual.logSumExp.assertCloseTo(expected.logSumExp.values(), FORWARD);
      actual.dQ.assertCloseTo(expected.dQ.values(), BACKWARD);
      actual.dK.assertCloseTo(expected.dK.values(), BACKWARD);
      actual.dV.assertCloseTo(expected.dV.values(), BACKWARD);
    }
  }

  /** One long segment is cut into parts whose sums are added up. */
  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    Heads heads = new Heads(4, 2, 24);
    for (int[] lengths : new int[][] {{900}, {3, 500, 40}, {64, 64, 1}}) {
      Segments segments = Segments.ofLengths(lengths);
      try (Case expected = new Case(ThreadCountTest.ONE, heads, segments)) {
        expected.run(ThreadCountTest.ONE);
        for (Engine engine : ThreadCountTest.MORE_THREADS) {
          try (Case actual = new Case(engine, heads, segments)) {
            actual.run(engine);
            actual.y.assertCloseTo(expected.y.values(), 0);
            actual.dQ.assertCloseTo(expected.dQ.values(), 0);
            actual.dK.assertCloseTo(expected.dK.values(), 0);
            actual.dV.assertCloseTo(expected.dV.values(), 0);
          }
        }
      }
    }
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void theSameThreadCountGivesTheSameBits(Engine engine) {
    try (Case first = new Case(engine, new Heads(2, 1, 32), Segments.ofLengths(400));
        Case second = new Case(engine, new Heads(2, 1, 32), Segments.ofLengths(400))) {
      first.run(engine);
      second.run(engine);
      assertThat(second.dK.values()).isEqualTo(first.dK.values());
      assertThat(second.dV.values()).isEqualTo(first.dV.values());
      assertThat(second.dQ.values()).isEqualTo(first.dQ.values());
    }
  }

  @EachEngine
  @MethodSource("engines")
  void aDocumentIsBlindToItsNeighbours(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    try (Case alone = new Case(engine, heads, Segments.ofLengths(70));
        Case packed = new Case(engine, heads, Segments.ofLengths(70, 30))) {
      // the first 70 rows of both are the same random numbers
      alone.run(engine);
      packed.run(engine);
      GuardedTensor.assertClose(
          packed.y.tensor().rows(0, 70).toArray(), alone.y.values(), 64, FORWARD);
      GuardedTensor.assertClose(
          packed.dK.tensor().rows(0, 70).toArray(), alone.dK.values(), 32, BACKWARD);
    }
  }

  /** Behind a window a query's result is that of a document that begins with the window. */
  @EachEngine
  @MethodSource("engines")
  void aQueryIsBlindToKeysBeforeItsWindow(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    int window = 30;
    try (Case all = new Case(engine, heads, Segments.ofLengths(200))) {
      all.run(engine, window);
      float[] expected = all.y.tensor().rows(199, 200).toArray();
      // the last 30 keys are those of a document of their own
      Segments own = Segments.ofLengths(170, window);
      try (Case cut = new Case(engine, heads, own)) {
        cut.run(engine);
        GuardedTensor.assertClose(
            cut.y.tensor().rows(199, 200).toArray(), expected, expected.length, FORWARD);
      }
    }
  }

  @Test
  void refusesHeadsThatDoNotDivide() {
    assertThatThrownBy(() -> new Heads(4, 3, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 query heads over 3");
  }
}
