package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.train.vector.FlatVector;

class SourceLossTest {
  private static final PackedSequence TWO_DOCUMENTS =
      new PackedSequence(
          new int[] {5, 6, 7, 8, 9},
          new int[] {5, 6, 7, -100, 9},
          new int[] {3, 2},
          new int[] {0, 2});
  private static final PackedSequence ONE_DOCUMENT =
      new PackedSequence(new int[] {3, 4}, new int[] {3, 4}, new int[] {2}, new int[] {0});

  @TempDir private Path folder;

  /** Tokens 0 and 1 of dataset a, 3 of c, 5 of a: each predicts the next of its document. */
  @Test
  void aTargetCountsForTheDatasetOfItsDocument() {
    TokenLogProbs scores =
        new TokenLogProbs(
            new int[] {0, 1, 3, 5},
            new int[] {6, 7, 9, 4},
            new float[] {-1f, -0.5f, -2f, -3f},
            new float[4],
            new int[4]);
    Map<String, SourceLoss> losses =
        new MicroBatch(List.of(TWO_DOCUMENTS, ONE_DOCUMENT), List.of("a", "b", "c")).losses(scores);

    assertThat(SourceLoss.metrics(losses))
        .containsExactly(entry("loss/a", 1.5), entry("loss/c", 2.0));
    assertThat(losses.get("a").targets()).isEqualTo(3);
  }

  @Test
  void sumsAreTheSameInAnyOrderAndGrouping() {
    List<Map<String, SourceLoss>> parts = new ArrayList<>();
    for (int i = 1; i <= 1000; i++) {
      parts.add(Map.of("a", new SourceLoss(SourceLoss.unit(-1f / i), 1)));
    }
    Map<String, SourceLoss> sum = parts.stream().reduce(Map.of(), SourceLoss::sum);
    Collections.reverse(parts);
    Map<String, SourceLoss> half = parts.subList(0, 500).stream().reduce(Map.of(), SourceLoss::sum);
    Map<String, SourceLoss> rest =
        parts.subList(500, 1000).stream().reduce(Map.of(), SourceLoss::sum);

    assertThat(SourceLoss.sum(half, rest)).isEqualTo(sum);
    assertThat(sum.get("a").mean()).isCloseTo(7.485470860550345e-3, within(1e-9)); // H(1000) / 1000
  }

  @Test
  void aStepAddsUpToItsLossAndRowsWithoutNamesTellNothingApart() throws IOException {
    TrainedModel model =
        TrainedModel.frozen(
            TestModels.source(TestModels.copy("llama-tiny", folder)), Precision.FLOAT32);
    try (TrainingRows rows = RowsInMemory.of(List.of(TWO_DOCUMENTS, ONE_DOCUMENT));
        FlatVector parameters = new FlatVector(0);
        ExecutorModel here = ExecutorModel.of(model)) {
      int[] both = {0, 1};
      StepMetrics apart =
          here.evaluate(both, rows.withSources(List.of("/a", "b", "..//c/./d")), parameters);
      StepMetrics alike =
          here.evaluate(both, rows.withSources(List.of("../a", "b", "./a")), parameters);
      StepMetrics together = here.evaluate(both, rows.withSources(List.of("a")), parameters);

      assertThat(together.sources()).isEmpty();
      assertThat(apart.nllSum()).isEqualTo(together.nllSum());
      assertThat(apart.sources().keySet()).containsExactly("a", "c/d");
      assertThat(alike.sources())
          .isEqualTo(Map.of("a#0", apart.sources().get("a"), "a#2", apart.sources().get("c/d")));
      double sum =
          apart.sources().values().stream().mapToDouble(loss -> loss.mean() * loss.targets()).sum();
      assertThat(sum).isCloseTo(apart.nllSum(), within(1e-8));
      assertThat(EvalMetrics.of(List.of(apart, apart), new int[] {2, 2}).metrics())
          .containsEntry("loss/c/d", apart.sources().get("c/d").mean());
    }
  }

  @Test
  void ofManyDatasetsTheLastAreOne() {
    try (TrainingRows rows =
        RowsInMemory.of(
            IntStream.range(0, 40)
                .mapToObj(
                    i -> new PackedSequence(new int[2], new int[2], new int[] {2}, new int[] {i}))
                .toList())) {
      TrainingRows named =
          rows.withSources(IntStream.range(0, 40).mapToObj(i -> "set-" + i).toList());
      TokenLogProbs scores =
          new TokenLogProbs(
              IntStream.range(0, 40).map(i -> 2 * i).toArray(),
              new int[40],
              new float[40],
              new float[40],
              new int[40]);
      Map<String, SourceLoss> losses =
          named.microBatch(IntStream.range(0, 40).toArray()).losses(scores);

      assertThat(losses).hasSize(32).containsKeys("set-0", "set-30");
      assertThat(losses.get("others").targets()).isEqualTo(9);
    }
  }
}
