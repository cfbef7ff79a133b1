package org.sparklora.train.meter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class PeakMemoryTest {
  private static final long BYTES = 256L << 20;

  @Test
  void peaksStayWhenTheMemoryIsFreed() {
    PeakMemory memory = new PeakMemory();
    long before = memory.metrics().get("peak_memory_off_heap");
    // as tensors are allocated: neither Java nor JavaCPP counts it
    Pointer offHeap = Pointer.calloc(1, BYTES);
    Pointer.memset(offHeap, 1, BYTES);
    memory.sample();
    Pointer.free(offHeap);

    Map<String, Long> peaks = memory.metrics();
    assertThat(peaks.get("peak_memory_heap")).isPositive();
    if (System.getProperty("os.name").equals("Linux")) {
      assertThat(peaks.get("peak_memory_off_heap"))
          .isBetween(before + BYTES / 2, before + 2 * BYTES);
      assertThat(peaks.get("peak_memory_process")).isGreaterThan(BYTES);
    }
  }

  @Test
  void countsWhatJavaCppHolds() {
    PeakMemory memory = new PeakMemory();
    try (BytePointer offHeap = new BytePointer(BYTES)) {
      assertThat(memory.metrics().get("peak_memory_off_heap"))
          .isGreaterThanOrEqualTo(offHeap.capacity());
    }
  }

  @Test
  void theMostThatWasInUseOnTheGpuIsKept() {
    Iterator<Long> used = List.of(3L << 30, 5L << 30, 4L << 30).iterator();
    PeakMemory memory = new PeakMemory(() -> OptionalLong.of(used.next()));
    memory.sample();
    memory.sample();

    assertThat(memory.metrics()).containsEntry("peak_memory_gpu", 5L << 30);
  }

  @Test
  void withoutAGpuThereIsNoSuchMetric() {
    assertThat(new PeakMemory().metrics()).doesNotContainKey("peak_memory_gpu");
  }
}
