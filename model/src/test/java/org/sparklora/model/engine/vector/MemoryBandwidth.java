package org.sparklora.model.engine.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/** How fast memory is read, which bounds decoding. For benchmarks. */
public final class MemoryBandwidth {
  private MemoryBandwidth() {}

  /** What as many threads as the engine has read of so many bytes, twice over. */
  public static double bytesReadASecond(long bytes) {
    int threads = Integer.getInteger("lora.threads", Runtime.getRuntime().availableProcessors());
    int part = (int) Math.min(Integer.MAX_VALUE - 7, bytes / threads) & -64;
    List<ByteBuffer> parts =
        IntStream.range(0, threads).mapToObj(t -> ByteBuffer.allocateDirect(part)).toList();
    sum(parts); // touches and compiles
    long start = System.nanoTime();
    sum(parts);
    sum(parts);
    return 2.0 * part * threads / ((System.nanoTime() - start) / 1e9);
  }

  private static void sum(List<ByteBuffer> parts) {
    parts.parallelStream()
        .forEach(
            part -> {
              LongVector sum = LongVector.zero(LongVector.SPECIES_PREFERRED);
              for (int i = 0;
                  i < part.capacity();
                  i += LongVector.SPECIES_PREFERRED.vectorByteSize()) {
                sum =
                    sum.add(
                        LongVector.fromByteBuffer(
                            LongVector.SPECIES_PREFERRED, part, i, ByteOrder.nativeOrder()));
              }
              if (sum.reduceLanes(VectorOperators.ADD) != 0) {
                throw new IllegalStateException("Memory that was never written is zero");
              }
            });
  }
}
