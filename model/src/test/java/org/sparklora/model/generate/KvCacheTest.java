package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.layer.KeyValues;

class KvCacheTest {
  private static final int WIDTH = 8;
  private static final long SLOT_BYTES = 2L * 2 * WIDTH * Float.BYTES;

  private static final List<Integer> WITHOUT_WINDOWS = List.of(Branch.ALL, Branch.ALL);

  private final KvCache cache = new KvCache(EnginesUnderTest.reference(), WITHOUT_WINDOWS, WIDTH);

  @AfterEach
  void close() {
    cache.close();
  }

  private static KvCache.Pages pages(KvCache of) {
    return of.pages().iterator().next();
  }

  private CachedText text(int tokens) {
    CachedText text = new CachedText(pages(cache), 1);
    text.reserve(tokens);
    return text;
  }

  @Test
  void memoryFollowsTheTokensInFlightAndNotWhatTheyMayBecome() {
    assertThat(bytes()).isZero();
    List<CachedText> texts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      texts.add(text(1)); // of 8192 that may follow
    }
    assertThat(bytes()).isEqualTo(64 * KvCache.PAGE * SLOT_BYTES);
    texts.get(5).reserve(8192);
    assertThat(bytes()).isLessThan(2 * (63L * KvCache.PAGE + 8192) * SLOT_BYTES);
    long held = bytes();
    for (int i = 0; i < 10; i++) { // what has ended makes room for what comes
      texts.get(5).release();
      texts.set(5, text(8192));
    }
    assertThat(bytes()).isEqualTo(held);
    assertThat(held)
        .isEqualTo(
            cache.layers().stream()
                .mapToLong(layer -> (layer.keys().size() + layer.values().size()) * Float.BYTES)
                .sum());
  }

  @Test
  void pagesOfATextShareNoSlotWithThoseOfOthers() {
    CachedText first = text(KvCache.PAGE);
    CachedText second = text(3 * KvCache.PAGE);
    first.reserve(KvCache.PAGE + 1); // behind the second
    assertThat(first.slot(KvCache.PAGE)).isEqualTo(4 * KvCache.PAGE);
    assertThat(first.slots(KvCache.PAGE + 1))
        .containsExactly(new Run(0, KvCache.PAGE), new Run(4 * KvCache.PAGE, 1));
    assertThat(second.slots(KvCache.PAGE + 2))
        .containsExactly(new Run(KvCache.PAGE, KvCache.PAGE), new Run(2 * KvCache.PAGE, 2));
    assertThat(second.slot(3 * KvCache.PAGE - 1)).isEqualTo(4 * KvCache.PAGE - 1);
  }

  @Test
  void pagesAreFreeWhenTheLastUserHasLeft() {
    CachedText shared = new CachedText(pages(cache), 2);
    shared.reserve(1);
    shared.release();
    assertThat(text(1).slot(0)).isEqualTo(KvCache.PAGE);
    shared.release();
    assertThat(text(1).slot(0)).isZero();
  }

  @Test
  void whatIsInTheCacheStaysWhenItGrows() {
    text(KvCache.PAGE);
    List<KeyValues> layers = cache.layers();
    layers.get(1).values().write(0, new float[] {7}, 0, 1);
    layers.get(0).keys().write(0, new float[] {3}, 0, 1);
    text(20 * KvCache.PAGE);
    assertThat(layers.get(1).values().toArray()).startsWith(7, 0);
    assertThat(layers.get(0).keys().toArray()).startsWith(3, 0);
  }

  /** Three completions of a prompt: each token lies in its slot for as long as it is seen. */
  @Test
  void layersWithAWindowKeepTheTokensThatAreSeenAndNoMore() {
    int window = 20;
    try (KvCache two =
        new KvCache(EnginesUnderTest.reference(), List.of(Branch.ALL, window), WIDTH)) {
      Map<Integer, Map<Integer, String>> kept = new TreeMap<>(); // the token in each slot
      List<CachedText> prompt = new ArrayList<>();
      for (KvCache.Pages pages : two.pages()) {
        CachedText text = new CachedText(pages, 3);
        text.reserve(100);
        Map<Integer, String> tokens = new HashMap<>();
        IntStream.range(0, 100).forEach(n -> tokens.put(text.slot(n), "prompt " + n));
        kept.put(pages.window(), tokens);
        prompt.add(text);
      }
      List<Row> rows = new ArrayList<>();
      for (int g = 0; g < 3; g++) {
        rows.add(new Row(new Prompt(0, new int[100]), g, prompt));
      }
      for (int n = 0; n < 200; n++) {
        for (int g = 0; g < 3; g++) {
          Row row = rows.get(g);
          row.add(0, 0);
          row.reserve();
          String token = g + " " + n;
          kept.forEach((of, tokens) -> tokens.put(row.lastSlot(of), token));
        }
        for (int g = 0; g < 3; g++) {
          List<String> all = wholeText(g, n + 1);
          List<String> last = all.subList(Math.max(0, all.size() - window), all.size());
          assertThat(seen(rows.get(g), window, kept)).isEqualTo(last);
          assertThat(seen(rows.get(g), Branch.ALL, kept)).isEqualTo(all);
        }
      }
      // 7 pages of the prompt and 13 of each completion; with a window 3 of each completion
      assertThat(slots(two)).containsExactly(64 * KvCache.PAGE, 16 * KvCache.PAGE);
      rows.forEach(row -> row.end(Completion.StopReason.LENGTH));
      List<Integer> before = slots(two);
      for (KvCache.Pages pages : two.pages()) {
        int all = pages.window() == window ? 16 : 64;
        assertThat(IntStream.range(0, all).map(i -> pages.take().start()))
            .as("all are free")
            .doesNotHaveDuplicates();
      }
      assertThat(slots(two)).isEqualTo(before);
    }
  }

  /** The tokens of a completion and its prompt. */
  private static List<String> wholeText(int g, int length) {
    return Stream.concat(
            IntStream.range(0, 100).mapToObj(n -> "prompt " + n),
            IntStream.range(0, length).mapToObj(n -> g + " " + n))
        .toList();
  }

  private static List<String> seen(Row row, int window, Map<Integer, Map<Integer, String>> kept) {
    List<String> seen = new ArrayList<>();
    row.lastBranch(window, 0)
        .forEachRun(
            (start, count, key) ->
                IntStream.range(start, start + count)
                    .forEach(slot -> seen.add(kept.get(window).get(slot))));
    return seen;
  }

  private static List<Integer> slots(KvCache of) {
    return of.layers().stream().map(layer -> layer.keys().rows()).toList();
  }

  @Test
  void aPromptTakesNoPagesForTokensThatAreForgottenBeforehand() {
    int window = 20;
    try (KvCache windowed = new KvCache(EnginesUnderTest.reference(), List.of(window), WIDTH)) {
      CachedText prompt = new CachedText(pages(windowed), 1);
      prompt.forget(3 * KvCache.PAGE + 5 + window);
      prompt.reserve(5 * KvCache.PAGE + 1);
      assertThat(prompt.slot(3 * KvCache.PAGE)).isZero();
      assertThat(prompt.slots(5 * KvCache.PAGE + 1))
          .containsExactly(
              new Run(0, KvCache.PAGE), new Run(KvCache.PAGE, KvCache.PAGE), new Run(32, 1));
    }
  }

  @Test
  void memoryIsFreedWhereTheCacheCannotBeCopied() {
    long before = NativeMemory.liveBytes();
    try (Engine engine =
            EnginesUnderTest.failing("copy"::equals, EnginesUnderTest.kernels("reference:1"));
        KvCache small = new KvCache(engine, WITHOUT_WINDOWS, WIDTH)) {
      pages(small).take(); // the first page, of a cache that was empty
      assertThatThrownBy(pages(small)::take).hasMessage("this is a test");
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  private long bytes() {
    return cache.layers().stream()
            .mapToLong(layer -> layer.keys().size() + layer.values().size())
            .sum()
        * Float.BYTES;
  }
}
