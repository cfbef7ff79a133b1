package org.sparklora.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;

class PeakMemoryTest {
  private static final long BYTES = 32L << 20;

  @Test
  void peaksStayWhenTheMemoryIsFreed() {
    PeakMemory memory = new PeakMemory();
    long before = memory.metrics().get("peak_memory_off_heap");
    byte[] onHeap = new byte[(int) BYTES];
    try (BytePointer offHeap = new BytePointer(BYTES)) {
      offHeap.put(0, onHeap[0]);
      memory.sample();
    }

    Map<String, Long> peaks = memory.metrics();
    assertThat(peaks.get("peak_memory_off_heap")).isBetween(before + BYTES / 2, before + 4 * BYTES);
    assertThat(peaks.get("peak_memory_heap")).isGreaterThan(BYTES);
    if (System.getProperty("os.name").equals("Linux")) {
      assertThat(peaks.get("peak_memory_process")).isGreaterThan(peaks.get("peak_memory_off_heap"));
    }
  }
}
