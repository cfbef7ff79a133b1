package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention over a cache: every implementation against the reference's. */
class BranchAttentionContractTest {
  private static final long SEED = 31;

  /** Slots of the cache. */
  private static final int SLOTS = 400;

  /** As for attention without a cache. */
  private static final double FORWARD = 5e-6;

  static Stream<Arguments> cases() {
    List<Heads> heads =
        List.of(
            new Heads(4, 2, 16),
            new Heads(9, 3, 64),
            new Heads(2, 2, 5),
            new Heads(14, 2, 64), // Qwen2.5-0.5B: seven query heads of a key/value head
            new Heads(3, 3, 128));
    List<List<Branch>> branches =
        List.of(
            // single tokens after a shared prefix, and after nothing
            List.of(
                new Branch(0, 1, 10, 30, 100, 0),
                new Branch(1, 1, 10, 30, 150, 17),
                new Branch(2, 1, 0, 0, 0, 0),
                new Branch(3, 1, 390, 1, 398, 1)),
            // many single tokens, with keys of many lengths
            IntStream.range(0, 40).mapToObj(i -> new Branch(i, 1, 3, 7 * i, 300, i)).toList(),
            // several tokens: a start, the continuation of a prefix, more after own keys
            List.of(
                Branch.ofStart(65, 20),
                new Branch(65, 7, 20, 65, 100, 0),
                new Branch(72, 130, 20, 65, 120, 40)));
    return EnginesUnderTest.ALL.stream()
        .flatMap(k -> heads.stream().flatMap(h -> branches.stream().map(b -> arguments(k, h, b))));
  }

  private static final class Case implements AutoCloseable {
    final GuardedTensor q;
    final GuardedTensor k;
    final GuardedTensor v;
    final GuardedTensor y;
    final GuardedTensor logSumExp;
    final Heads heads;

    Case(Engine engine, Heads heads, int queries) {
      this.heads = heads;
      long queryWidth = (long) heads.query() * heads.size();
      long keyWidth = (long) heads.keyValue() * heads.size();
      q = GuardedTensor.random(engine, SEED, queries, queryWidth);
      k = GuardedTensor.random(engine, SEED + 1, SLOTS, keyWidth);
      v = GuardedTensor.random(engine, SEED + 2, SLOTS, keyWidth);
      y = GuardedTensor.filled(engine, Float.NaN, queries, queryWidth);
      logSumExp = GuardedTensor.filled(engine, Float.NaN, queries, heads.query());
    }

    void run(Engine engine, List<Branch> branches) {
      float scale = 2 / (float) Math.sqrt(heads.size());
      engine.attention(
          q.tensor(),
          k.tensor(),
          v.tensor(),
          heads,
          branches,
          scale,
          y.tensor(),
          logSumExp.tensor());
    }

    @Override
    public void close() {
      Stream.of(q, k, v, y, logSumExp).forEach(GuardedTensor::close);
    }
  }

  private static int queries(List<Branch> branches) {
    return branches.stream().mapToInt(Branch::queries).sum();
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("cases")
  void agreesWithReference(Engine engine, Heads heads, List<Branch> branches) {
    try (Case expected = new Case(REFERENCE, heads, queries(branches));
        Case actual = new Case(engine, heads, queries(branches))) {
      expected.run(REFERENCE, branches);
      actual.run(engine, branches);
      actual.y.assertCloseTo(expected.y.values(), FORWARD);
      actual.logSumExp.assertCloseTo(expected.logSumExp.values(), FORWARD);
    }
  }

  /** Sums over up to 100 queries of each branch of a family. */
  private static final double BACKWARD = 1e-4;

  /** Two prompts with continuations of several lengths, and a document beside them. */
  private static final Segments FAMILIES =
      Segments.ofLengths(70, 1, 65, 20, 3, 5, 9, 100)
          .continuing(new int[] {-1, 0, 0, -1, 3, 0, -1, 6});

  static Stream<Arguments> enginesAndHeads() {
    return engines()
        .flatMap(
            k ->
                Stream.of(new Heads(4, 2, 16), new Heads(3, 1, 64), new Heads(2, 2, 5))
                    .map(h -> arguments(k, h)));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("enginesAndHeads")
  void backwardAgreesWithReferenceAndAdds(Engine engine, Heads heads) {
    try (Gradients expected = new Gradients(REFERENCE, heads);
        Gradients actual = new Gradients(engine, heads)) {
      expected.run(REFERENCE);
      actual.run(engine);
      actual.dQ.assertCloseTo(expected.dQ.values(), BACKWARD);
      actual.dK.assertCloseTo(expected.dK.values(), BACKWARD);
      actual.dV.assertCloseTo(expected.dV.values(), BACKWARD);
    }
  }

  /** Of {@link #FAMILIES}; 1 before. */
  private static final class Gradients implements AutoCloseable {
    final Case forward;
    final GuardedTensor dY;
    final GuardedTensor dQ;
    final GuardedTensor dK;
    final GuardedTensor dV;

    Gradients(Engine engine, Heads heads) {
      forward = new Case(engine, heads, FAMILIES.tokens());
      long queryWidth = (long) heads.query() * heads.size();
      long keyWidth = (long) heads.keyValue() * heads.size();
      dY = GuardedTensor.random(engine, SEED + 3, FAMILIES.tokens(), queryWidth);
      dQ = GuardedTensor.filled(engine, 1, FAMILIES.tokens(), queryWidth);
      dK = GuardedTensor.filled(engine, 1, SLOTS, keyWidth);
      dV = GuardedTensor.filled(engine, 1, SLOTS, keyWidth);
    }

    void run(Engine engine) {
      run(engine, FAMILIES.branches());
    }

    void run(Engine engine, List<Branch> branches) {
      forward.run(engine, branches);
      engine.attentionBackward(
          forward.q.tensor(),
          forward.k.tensor(),
          forward.v.tensor(),
          forward.y.tensor(),
          forward.logSumExp.tensor(),
          dY.tensor(),
          forward.heads,
          branches,
          2 / (float) Math.sqrt(forward.heads.size()),
          dQ.tensor(),
          dK.tensor(),
          dV.tensor());
    }

    @Override
    public void close() {
      forward.close();
      Stream.of(dY, dQ, dK, dV).forEach(GuardedTensor::close);
    }
  }

  /** Documents that continue nothing have a backward of their own, which is tested by itself. */
  @Test
  void backwardOfDocumentsIsThatOfAttentionWithoutBranches() {
    Segments documents = Segments.ofLengths(70, 30);
    Heads heads = new Heads(4, 2, 16);
    try (Gradients branched = new Gradients(REFERENCE, heads);
        Gradients plain = new Gradients(REFERENCE, heads)) {
      branched.run(REFERENCE, documents.branches());
      plain.forward.run(REFERENCE, documents.branches());
      REFERENCE.attentionBackward(
          rows(plain.forward.q, documents),
          rows(plain.forward.k, documents),
          rows(plain.forward.v, documents),
          rows(plain.forward.y, documents),
          rows(plain.forward.logSumExp, documents),
          rows(plain.dY, documents),
          heads,
          documents,
          2 / (float) Math.sqrt(heads.size()),
          rows(plain.dQ, documents),
          rows(plain.dK, documents),
          rows(plain.dV, documents));
      branched.dQ.assertCloseTo(plain.dQ.values(), FORWARD);
      branched.dK.assertCloseTo(plain.dK.values(), FORWARD);
      branched.dV.assertCloseTo(plain.dV.values(), FORWARD);
    }
  }

  private static Tensor rows(GuardedTensor tensor, Segments documents) {
    return tensor.tensor().rows(0, documents.tokens());
  }

  @Test
  void refusesBackwardWithAPrefixOfNoBranch() {
    try (Gradients gradients = new Gradients(REFERENCE, new Heads(4, 2, 16))) {
      assertThatThrownBy(
              () ->
                  gradients.run(
                      REFERENCE,
                      List.of(new Branch(0, 5, 0, 0, 0, 0), new Branch(5, 2, 0, 6, 10, 0))))
          .hasMessageContaining("not the beginning of another branch");
    }
  }

  @Test
  void documentsThatContinueOthersNeedBranches() {
    Heads heads = new Heads(4, 2, 16);
    try (Case tensors = new Case(REFERENCE, heads, SLOTS)) {
      Segments branched = Segments.ofLengths(100, 300).continuing(new int[] {-1, 0});
      assertThatThrownBy(
              () ->
                  REFERENCE.attention(
                      tensors.q.tensor(),
                      tensors.k.tensor(),
                      tensors.v.tensor(),
                      heads,
                      branched,
                      1,
                      tensors.y.tensor(),
                      tensors.logSumExp.tensor()))
          .hasMessageContaining("give its branches");
    }
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.ALL.stream();
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void aStartIsADocument(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    try (Case cached = new Case(engine, heads, SLOTS);
        Case packed = new Case(REFERENCE, heads, SLOTS)) {
      cached.run(engine, List.of(Branch.ofStart(SLOTS, 0)));
      REFERENCE.attention(
          packed.q.tensor(),
          packed.k.tensor(),
          packed.v.tensor(),
          heads,
          Segments.ofLengths(SLOTS),
          2 / (float) Math.sqrt(heads.size()),
          packed.y.tensor(),
          packed.logSumExp.tensor());
      cached.y.assertCloseTo(packed.y.values(), FORWARD);
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void whatABranchGetsDoesNotDependOnTheOthersToTheBit(Engine engine) {
    Heads heads = new Heads(9, 3, 64);
    Branch second = new Branch(1, 1, 10, 30, 150, 17);
    try (Case alone = new Case(engine, heads, 3);
        Case together = new Case(engine, heads, 3)) {
      alone.run(engine, List.of(second));
      together.run(
          engine,
          List.of(new Branch(0, 1, 10, 30, 100, 5), second, new Branch(2, 1, 0, 200, 300, 9)));
      assertThat(together.y.tensor().rows(1, 2).toArray())
          .isEqualTo(alone.y.tensor().rows(1, 2).toArray());
      assertThat(alone.y.tensor().rows(0, 1).toArray()).containsOnly(Float.NaN);
    }
  }

  @Test
  void refusesBranchesBeyondTheTensors() {
    try (Case tensors = new Case(REFERENCE, new Heads(4, 2, 16), 3)) {
      assertThatThrownBy(() -> tensors.run(REFERENCE, List.of(new Branch(2, 2, 0, 0, 0, 0))))
          .hasMessageContaining("beyond");
      assertThatThrownBy(
              () -> tensors.run(REFERENCE, List.of(new Branch(0, 1, SLOTS - 1, 2, 0, 0))))
          .hasMessageContaining("beyond");
      assertThatThrownBy(
              () -> tensors.run(REFERENCE, List.of(new Branch(0, 1, 0, 0, SLOTS - 4, 4))))
          .hasMessageContaining("beyond");
    }
    assertThatThrownBy(() -> new Branch(0, 0, 0, 0, 0, 0)).hasMessageContaining("a query");
  }
}
