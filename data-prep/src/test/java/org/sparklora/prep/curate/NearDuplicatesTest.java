package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clusters are those of all candidate pairs that are similar. */
class NearDuplicatesTest extends CurateFixture {

  @ParameterizedTest
  @CsvSource({"0.8, FIRST", "0.8, LONGEST", "0.5, FIRST", "0.6, LONGEST"})
  void areThoseOfUnionFindOverAllVerifiedPairs(double threshold, CurateConfig.Keep keep)
      throws IOException {
    List<String> texts = RandomTexts.withDuplicates(400, 60, 11);
    Map<Long, Long> expected = keptByRow(texts, threshold, keep);
    Path data = texts("data.jsonl", texts);

    CurateJob.run(spark(), config(data, "out", near(threshold, keep)));

    Map<Long, Long> removed = new TreeMap<>();
    read(
        "out/removed",
        row -> removed.put(row.getLong("row", 0), row.getLong("collides_with_row", 0)));
    assertThat(expected).hasSizeGreaterThan(100);
    assertThat(removed).isEqualTo(expected);
  }

  /** The row that is kept, by row that is not. */
  private static Map<Long, Long> keptByRow(
      List<String> texts, double threshold, CurateConfig.Keep keep) {
    MinHashLsh bands = MinHashLsh.of(threshold);
    List<long[]> sets = new ArrayList<>();
    List<Set<Long>> buckets = new ArrayList<>();
    for (String text : texts) {
      long[] shingles = Words.of(NormalisedText.of(text)).shingles(SketchSplit.SHINGLE);
      sets.add(shingles);
      Set<Long> of = new HashSet<>();
      LongStream.of(bands.buckets(MinHashLsh.signature(shingles))).forEach(of::add);
      buckets.add(of);
    }
    int[] cluster = new int[texts.size()];
    for (int i = 0; i < cluster.length; i++) {
      cluster[i] = i;
    }
    for (int b = 0; b < cluster.length; b++) {
      for (int a = 0; a < b; a++) {
        Set<Long> common = new HashSet<>(buckets.get(a));
        common.retainAll(buckets.get(b));
        if (!common.isEmpty() && Words.jaccard(sets.get(a), sets.get(b)) >= threshold) {
          int from = Math.max(cluster[a], cluster[b]);
          int to = Math.min(cluster[a], cluster[b]);
          for (int i = 0; i < cluster.length; i++) {
            cluster[i] = cluster[i] == from ? to : cluster[i];
          }
        }
      }
    }
    Map<Integer, Integer> kept = new HashMap<>();
    for (int i = 0; i < cluster.length; i++) {
      int row = i;
      kept.merge(
          cluster[i],
          row,
          (one, other) ->
              keep == CurateConfig.Keep.LONGEST
                      && texts.get(other).length() > texts.get(one).length()
                  ? other
                  : one);
    }
    Map<Long, Long> removed = new TreeMap<>();
    for (int i = 0; i < cluster.length; i++) {
      if (kept.get(cluster[i]) != i) {
        removed.put((long) i, (long) kept.get(cluster[i]));
      }
    }
    return removed;
  }
}
