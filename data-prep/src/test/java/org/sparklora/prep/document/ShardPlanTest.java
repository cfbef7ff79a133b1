package org.sparklora.prep.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.document.ShardPlan.DocumentRange;
import org.sparklora.prep.document.ShardPlan.RowFile;
import org.sparklora.prep.document.ShardPlan.Shard;

class ShardPlanTest {
  private static Shard shard(DocumentRange... ranges) {
    return new Shard(List.of(ranges));
  }

  private static List<RowFile> plan(List<int[]> lengths, int batchSize) {
    return ShardPlan.of(lengths, new int[lengths.size()], batchSize);
  }

  @Test
  void oneShardCrossesSplitsAndPassesOverEmptyOnes() {
    List<RowFile> files = plan(List.of(new int[] {5, 5}, new int[0], new int[] {5}), 0);
    assertThat(files)
        .containsExactly(
            new RowFile(List.of(shard(new DocumentRange(0, 0, 2), new DocumentRange(2, 0, 1)))));
  }

  @Test
  void batchesOfDocumentsAreShardsOfOneFile() {
    List<RowFile> files = plan(List.of(new int[] {5, 5, 5}, new int[] {5, 5}), 2);
    assertThat(files)
        .containsExactly(
            new RowFile(
                List.of(
                    shard(new DocumentRange(0, 0, 2)),
                    shard(new DocumentRange(0, 2, 1), new DocumentRange(1, 0, 1)),
                    shard(new DocumentRange(1, 1, 1)))));
  }

  @Test
  void aFileEndsAtSoManyDocumentsOrTokens() {
    int[] many = new int[ShardPlan.MAX_DOCUMENTS + 1];
    Arrays.fill(many, 1);
    assertThat(plan(List.of(many), 0)).hasSize(2);
    int half = (int) (ShardPlan.MAX_TOKENS / 2);
    assertThat(plan(List.of(new int[] {half, half, 1}), 0)).hasSize(2);
    assertThat(plan(List.of(new int[] {3 * half, 1}), 0))
        .as("a document longer than a shard")
        .hasSize(2);
  }

  @Test
  void aBatchIsNeverCutByTheEndOfAFile() {
    int[] lengths = new int[2500];
    Arrays.fill(lengths, 10_000); // 25 million tokens
    List<RowFile> files = plan(List.of(lengths), 1000);
    assertThat(files).hasSize(3);
    int[] sizes =
        files.stream()
            .flatMap(file -> file.shards().stream())
            .mapToInt(s -> s.ranges().stream().mapToInt(DocumentRange::count).sum())
            .toArray();
    assertThat(sizes).containsExactly(1000, 1000, 500);
  }

  @Test
  void everyDocumentIsInOneShardInOrder() {
    List<int[]> lengths = List.of(new int[7], new int[1], new int[12]);
    IntStream.of(1, 2, 3, 5, 100)
        .forEach(
            batch -> {
              int[] next = new int[3];
              plan(lengths, batch).stream()
                  .flatMap(file -> file.shards().stream())
                  .flatMap(s -> s.ranges().stream())
                  .forEach(
                      range -> {
                        assertThat(range.first()).isEqualTo(next[range.split()]);
                        next[range.split()] += range.count();
                      });
              assertThat(next).containsExactly(7, 1, 12);
            });
  }
}
