package org.sparklora.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.layer.KeyValues;

class KvCacheTest {
  private static final int WIDTH = 8;
  private static final long SLOT_BYTES = 2L * 2 * WIDTH * Float.BYTES;

  private final KvCache cache = new KvCache(EnginesUnderTest.reference(), 2, WIDTH);

  @AfterEach
  void close() {
    cache.close();
  }

  private CachedText text(int tokens) {
    CachedText text = new CachedText(cache, 1);
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
    CachedText shared = new CachedText(cache, 2);
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

  @Test
  void memoryIsFreedWhereTheCacheCannotBeCopied() {
    long before = NativeMemory.liveBytes();
    try (Engine engine =
            EnginesUnderTest.failing("copy"::equals, EnginesUnderTest.kernels("reference:1"));
        KvCache small = new KvCache(engine, 2, WIDTH)) {
      small.take(); // the first page, of a cache that was empty
      assertThatThrownBy(small::take).hasMessage("this is a test");
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
