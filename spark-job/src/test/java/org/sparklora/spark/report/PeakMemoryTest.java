package org.sparklora.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
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
}
