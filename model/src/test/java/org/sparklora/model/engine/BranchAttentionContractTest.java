package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sparklora.model.engine.EnginesUnderTest.REFERENCE;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.Branch.Run;

/** Attention over branches: every implementation against the reference's. */
class BranchAttentionContractTest {
  private static final long SEED = 31;

  /** Slots of the cache. */
  private static final int SLOTS = 400;

  /** As for attention without a cache. */
  private static final double FORWARD = 5e-6;

  private static final List<Integer> WINDOWS = List.of(Branch.ALL, 20);

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
                branch(0, 1, 10, 30, 100, 0),
                branch(1, 1, 10, 30, 150, 17),
                branch(2, 1, 0, 0, 0, 0),
                branch(3, 1, 390, 1, 398, 1)),
            // many single tokens, with keys of many lengths
            IntStream.range(0, 40).mapToObj(i -> branch(i, 1, 3, 7 * i, 300, i)).toList(),
            // several tokens: a start, the continuation of a prefix, more after own keys
            List.of(
                ofStart(0, 65, 20),
                branch(65, 7, 20, 65, 100, 0),
                branch(72, 130, 20, 65, 120, 40)));
    return EnginesUnderTest.others()
        .flatMap(
            k ->
                heads.stream()
                    .flatMap(
                        h ->
                            branches.stream()
                                .flatMap(b -> WINDOWS.stream().map(w -> arguments(k, h, b, w)))));
  }

  /** Queries that see all of a prefix, and then, causally, keys of their own after others. */
  static Branch branch(
      int firstQuery, int queries, int prefixStart, int prefixLength, int ownStart, int ownBefore) {
    Run own = new Run(ownStart, ownBefore + queries);
    List<Run> runs =
        prefixLength == 0 ? List.of(own) : List.of(new Run(prefixStart, prefixLength), own);
    return new Branch(firstQuery, queries, runs, prefixLength + ownBefore + queries);
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
      run(engine, branches, Branch.ALL);
    }

    void run(Engine engine, List<Branch> branches, int window) {
      try (AttentionMask mask = engine.mask(branches)) {
        engine.attention(tensors(), heads, mask.within(window), scale());
      }
    }

    AttentionTensors tensors() {
      return new AttentionTensors(
          q.tensor(), k.tensor(), v.tensor(), y.tensor(), logSumExp.tensor());
    }

    float scale() {
      return 2 / (float) Math.sqrt(heads.size());
    }

    @Override
    public void close() {
      Stream.of(q, k, v, y, logSumExp).forEach(GuardedTensor::close);
    }
  }

  private static int queries(List<Branch> branches) {
    return branches.stream().mapToInt(Branch::queries).sum();
  }

  @EachEngine
  @MethodSource("cases")
  void agreesWithReference(Engine engine, Heads heads, List<Branch> branches, int window) {
    try (Case expected = new Case(REFERENCE, heads, queries(branches));
        Case actual = new Case(engine, heads, queries(branches))) {
      expected.run(REFERENCE, branches, window);
      actual.run(engine, branches, window);
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
    return EnginesUnderTest.others()
        .flatMap(
            k ->
                Stream.of(new Heads(4, 2, 16), new Heads(3, 1, 64), new Heads(2, 2, 5))
                    .flatMap(h -> WINDOWS.stream().map(w -> arguments(k, h, w))));
  }

  @EachEngine
  @MethodSource("enginesAndHeads")
  void backwardAgreesWithReferenceAndAdds(Engine engine, Heads heads, int window) {
    try (Gradients expected = new Gradients(REFERENCE, heads);
        Gradients actual = new Gradients(engine, heads)) {
      expected.run(REFERENCE, FAMILIES.branches(), window);
      actual.run(engine, FAMILIES.branches(), window);
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

    void run(Engine engine, List<Branch> branches, int window) {
      forward.run(engine, branches, window);
      try (AttentionMask mask = engine.mask(branches)) {
        engine.attentionBackward(
            forward.tensors(),
            new AttentionTensors.Gradients(dY.tensor(), dQ.tensor(), dK.tensor(), dV.tensor()),
            forward.heads,
            mask.within(window),
            forward.scale());
      }
    }

    @Override
    public void close() {
      forward.close();
      Stream.of(dY, dQ, dK, dV).forEach(GuardedTensor::close);
    }
  }

  @Test
  void refusesBackwardWithAPrefixOfNoBranch() {
    try (Gradients gradients = new Gradients(REFERENCE, new Heads(4, 2, 16))) {
      assertThatThrownBy(
              () ->
                  gradients.run(
                      REFERENCE,
                      List.of(branch(0, 5, 0, 0, 0, 0), branch(5, 2, 0, 6, 10, 0)),
                      Branch.ALL))
          .hasMessageContaining("not the beginning of another branch");
    }
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void aStartIsADocument(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    try (Case cached = new Case(engine, heads, SLOTS);
        Case packed = new Case(REFERENCE, heads, SLOTS)) {
      cached.run(engine, List.of(ofStart(0, SLOTS, 0)));
      try (AttentionMask mask = REFERENCE.mask(Segments.ofLengths(SLOTS))) {
        REFERENCE.attention(packed.tensors(), heads, mask, packed.scale());
      }
      cached.y.assertCloseTo(packed.y.values(), FORWARD);
    }
  }

  /** As in a cache of pages: the same keys in other rows. */
  @EachEngine
  @MethodSource("engines")
  void whatAQueryGetsDoesNotDependOnWhereItsKeysLieToTheBit(Engine engine) {
    Heads heads = new Heads(9, 3, 64);
    int keys = 100;
    List<Run> pages = new ArrayList<>();
    for (int from = 0; from < keys; from += 16) {
      pages.add(new Run(360 - 2 * from, 16)); // descending, with gaps; the last is cut to the keys
    }
    try (Case together = new Case(engine, heads, 1);
        Case scattered = new Case(engine, heads, 1)) {
      for (int key = 0; key < keys; key++) {
        int row = 360 - 2 * (key / 16 * 16) + key % 16;
        engine.copy(
            together.k.tensor().rows(key, key + 1), scattered.k.tensor().rows(row, row + 1));
        engine.copy(
            together.v.tensor().rows(key, key + 1), scattered.v.tensor().rows(row, row + 1));
      }
      together.run(engine, List.of(new Branch(0, 1, List.of(new Run(0, keys)), keys)));
      scattered.run(engine, List.of(new Branch(0, 1, pages, keys)));
      assertThat(scattered.y.values()).isEqualTo(together.y.values());
      assertThat(scattered.logSumExp.values()).isEqualTo(together.logSumExp.values());
    }
  }

  @EachEngine
  @MethodSource("engines")
  void whatABranchGetsDoesNotDependOnTheOthersToTheBit(Engine engine) {
    Heads heads = new Heads(9, 3, 64);
    Branch second = branch(1, 1, 10, 30, 150, 17);
    try (Case alone = new Case(engine, heads, 3);
        Case together = new Case(engine, heads, 3)) {
      alone.run(engine, List.of(second));
      together.run(
          engine, List.of(branch(0, 1, 10, 30, 100, 5), second, branch(2, 1, 0, 200, 300, 9)));
      assertThat(together.y.tensor().rows(1, 2).toArray())
          .isEqualTo(alone.y.tensor().rows(1, 2).toArray());
      assertThat(alone.y.tensor().rows(0, 1).toArray()).containsOnly(Float.NaN);
    }
  }

  /** Every width at which completions of a prompt are decoded. */
  @EachEngine
  @MethodSource("engines")
  void whatABranchGetsDoesNotDependOnHowManyThereAreToTheBit(Engine engine) {
    Heads heads = new Heads(4, 2, 16);
    for (int width : new int[] {1, 2, 63, 64, 65, 128, 129, 256, 1000}) {
      List<Branch> branches =
          IntStream.range(0, width)
              .mapToObj(i -> branch(i, 1, 5, 40, 60 + i % 300, i % 30))
              .toList();
      try (Case together = new Case(engine, heads, width);
          Case alone = new Case(engine, heads, width)) {
        together.run(engine, branches);
        for (int i : new int[] {0, width / 2, width - 1}) {
          alone.run(engine, branches.subList(i, i + 1));
          assertThat(together.y.tensor().rows(i, i + 1).toArray())
              .as("%d of %d", i, width)
              .isEqualTo(alone.y.tensor().rows(i, i + 1).toArray());
        }
      }
    }
  }

  @Test
  void refusesBranchesBeyondTheTensors() {
    try (Case tensors = new Case(REFERENCE, new Heads(4, 2, 16), 3)) {
      assertThatThrownBy(() -> tensors.run(REFERENCE, List.of(branch(2, 2, 0, 0, 0, 0))))
          .hasMessageContaining("beyond");
      assertThatThrownBy(() -> tensors.run(REFERENCE, List.of(branch(0, 1, SLOTS - 1, 2, 0, 0))))
          .hasMessageContaining("beyond");
      assertThatThrownBy(() -> tensors.run(REFERENCE, List.of(branch(0, 1, 0, 0, SLOTS - 4, 4))))
          .hasMessageContaining("beyond");
    }
    assertThatThrownBy(() -> new Branch(0, 0, List.of(new Run(0, 1)), 1))
        .hasMessageContaining("a query");
    assertThatThrownBy(() -> new Branch(0, 1, List.of(new Run(0, 3), new Run(9, 4)), 8))
        .hasMessageContaining("8 keys");
    assertThatThrownBy(() -> new Run(0, 0)).hasMessageContaining("0 keys from row 0");
  }

  /** The first tokens of a text, whose keys begin at {@code start}. */
  private static Branch ofStart(int firstQuery, int queries, int start) {
    return new Branch(firstQuery, queries, List.of(new Branch.Run(start, queries)), queries);
  }
}
