package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.source.RowSelection.Held;
import org.sparklora.prep.source.RowSelection.Shown;
import org.sparklora.prep.source.RowSelection.Take;

class RowSelectionTest {
  private static final long SEED = 7;
  private static final int SOURCE = 3;
  private static final Held ALL = new Held(0, false);
  private static final long ROWS = 1000;

  /** The chain of hashes, by Java's SplittableRandom, which mixes seeds in the same way. */
  private static double uniform(long row, long purpose) {
    long hash = SEED;
    for (long next : new long[] {SOURCE, row, purpose}) {
      hash = new SplittableRandom(hash).nextLong() + next;
    }
    return (new SplittableRandom(hash).nextLong() >>> 11) / (double) (1L << 53);
  }

  private static List<Long> rows(LongPredicate rule) {
    return LongStream.range(0, ROWS).filter(rule).boxed().toList();
  }

  private static RowSelection selection(double weight, Held held, int pass, long most) {
    return new RowSelection(
        new Take(weight, Long.MAX_VALUE, SEED),
        held,
        new Shown(SOURCE, "set", "source", Set.of()),
        0,
        pass,
        most);
  }

  /** The numbers of the rows that are passed on of the first thousand, from row {@code first}. */
  private static List<Long> chosen(RowSelection selection) {
    List<Long> chosen = new ArrayList<>();
    RowHandler handler = selection.choosing(row -> chosen.add((Long) row.values().get("row")));
    try {
      for (long row = 0; row < ROWS; row++) {
        handler.row(new SourceRow(Map.of("row", row), () -> "here", Optional.empty()));
      }
    } catch (DatasetSample.Enough e) {
      assertThat(chosen).isNotEmpty();
    }
    return chosen;
  }

  @Test
  void aFractionOfAWeightIsThatShareOfTheRowsByTheirHash() {
    List<Long> half = chosen(selection(0.5, ALL, 0, Long.MAX_VALUE));
    assertThat(half).isEqualTo(rows(row -> uniform(row, 1) < 0.5)).hasSizeBetween(450, 550);
    assertThat(chosen(selection(2.5, ALL, 0, Long.MAX_VALUE))).hasSize((int) ROWS);
    assertThat(chosen(selection(2.5, ALL, 1, Long.MAX_VALUE))).hasSize((int) ROWS);
    assertThat(chosen(selection(2.5, ALL, 2, Long.MAX_VALUE))).isEqualTo(half);
    assertThat(chosen(selection(0.25, ALL, 0, Long.MAX_VALUE))).isSubsetOf(half);
  }

  @Test
  void rowsToEvaluateOnAreThoseThatAreNotTrainedOn() {
    List<Long> test = chosen(selection(2, new Held(0.1, true), 0, Long.MAX_VALUE));
    assertThat(test).isEqualTo(rows(row -> uniform(row, 2) < 0.1)).hasSizeBetween(70, 130);
    assertThat(chosen(selection(2, new Held(0.1, true), 1, Long.MAX_VALUE))).isEqualTo(test);
    assertThat(chosen(selection(2, new Held(0.1, false), 0, Long.MAX_VALUE)))
        .isEqualTo(rows(row -> !test.contains(row)));
  }

  @Test
  void noMoreRowsThanTheMostAreTakenHeldOutOnesIncluded() {
    List<Long> half = chosen(selection(0.5, ALL, 0, Long.MAX_VALUE));
    assertThat(chosen(selection(0.5, ALL, 0, 20))).isEqualTo(half.subList(0, 20));
    List<Long> train = chosen(selection(0.5, new Held(0.1, false), 0, 20));
    List<Long> test = chosen(selection(0.5, new Held(0.1, true), 0, 20));
    assertThat(train.size() + test.size()).isEqualTo(20);
    assertThat(half.subList(0, 20)).containsAll(train).containsAll(test);
  }

  @Test
  void aBadRowIsPassedOnOnceWhateverTheCopies() {
    List<BadRowException> passed = new ArrayList<>();
    RowHandler handler =
        new RowHandler() {
          @Override
          public void row(SourceRow row) {}

          @Override
          public void bad(BadRowException problem) {
            passed.add(problem);
          }
        };
    for (int pass = 0; pass < 3; pass++) {
      selection(3, ALL, pass, Long.MAX_VALUE)
          .choosing(handler)
          .bad(new BadRowException(BadRowException.Reason.MALFORMED_ROW, "it is cut", "line 1"));
    }
    assertThat(passed).hasSize(1);
  }

  @Test
  void aRowHasTheNameOfItsDatasetAndNoColumnThatWasNotAskedFor() {
    RowSelection selection =
        new RowSelection(
            new Take(1, 1, SEED), ALL, new Shown(0, "set", "source", Set.of("a", "b")), 0, 0, 9);
    List<Map<String, Object>> seen = new ArrayList<>();
    Map<String, Object> row = new java.util.HashMap<>(Map.of("a", List.of(1, 2), "c", 5));
    row.put("b", null);
    selection
        .choosing(shown -> seen.add(shown.values()))
        .row(new SourceRow(row, () -> "here", Optional.empty()));
    row.remove("c");
    row.put("source", "set");
    assertThat(seen).containsExactly(row);
  }
}
