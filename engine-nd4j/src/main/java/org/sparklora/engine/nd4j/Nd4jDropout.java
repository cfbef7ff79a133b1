package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.BitwiseAnd;
import org.nd4j.linalg.api.ops.impl.transforms.custom.BitwiseXor;
import org.nd4j.linalg.api.ops.impl.transforms.custom.RShiftBits;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.tensor.NativeMemory;

/** Computes {@link DropoutMask} by ND4J's operations on ints, which overflow as Java's do. */
final class Nd4jDropout implements AutoCloseable {
  /** Elements drawn at a time; a power of two, so that no chunk crosses a multiple of 2³². */
  static final int CHUNK = 1 << 22;

  /** {@code i·K1} for all i of a chunk, computed at the first mask. */
  private INDArray counters; // null before the first mask

  private NativeMemory memory = NativeMemory.zeros(0); // of the counters

  /** An operation on a run of elements and their mask. */
  interface Masked {
    /** The mask is 0 or 1/(1 − rate) for each element, {@code (count)}. */
    void apply(long offset, int count, INDArray mask);
  }

  void forMask(long size, float rate, long seed, Masked masked) {
    for (long offset = 0; offset < size; offset += CHUNK) {
      long start = offset;
      int count = (int) Math.min(CHUNK, size - offset);
      Nd4jScratch.run(() -> masked.apply(start, count, mask(start, count, rate, seed)));
    }
  }

  private INDArray mask(long offset, int count, float rate, long seed) {
    long key = DropoutMask.key(seed, offset >>> 32);
    int low = (int) key;
    int high = (int) (key >>> 32);
    INDArray counter = counters(count).add((int) offset * DropoutMask.K1 + low);
    INDArray bits = shifted(mix(xor(mix(counter), of(high))), 8);
    return bits.gte(DropoutMask.threshold(rate)).castTo(DataType.FLOAT).muli(1 / (1 - rate));
  }

  private synchronized INDArray counters(int count) {
    if (counters == null) {
      int[] products = new int[CHUNK];
      for (int i = 0; i < CHUNK; i++) {
        products[i] = i * DropoutMask.K1;
      }
      INDArray made = Nd4jScratch.outside(() -> Nd4j.createFromArray(products));
      memory = NativeMemory.ofLibrary((long) CHUNK * Integer.BYTES, made::close);
      counters = made;
    }
    return count == CHUNK
        ? counters
        : Nd4j.create(counters.data(), new long[] {count}, new long[] {1}, 0, 'c', DataType.INT32);
  }

  @Override
  public synchronized void close() {
    memory.close();
    counters = null;
  }

  /** {@code DropoutMask.mix}, line by line. */
  private static INDArray mix(INDArray h) {
    h = xor(h, shifted(h, 16)).muli(DropoutMask.K2);
    h = xor(h, shifted(h, 13)).muli(DropoutMask.K3);
    return xor(h, shifted(h, 16));
  }

  /** {@code h >>> bits}: ND4J's shift keeps the sign, so the bits that came in are cleared. */
  private static INDArray shifted(INDArray h, int bits) {
    INDArray arithmetic = Nd4j.exec(new RShiftBits(h, Nd4j.scalar(DataType.INT32, bits)))[0];
    return Nd4j.exec(new BitwiseAnd(arithmetic, of(-1 >>> bits)))[0];
  }

  private static INDArray xor(INDArray a, INDArray b) {
    return Nd4j.exec(new BitwiseXor(a, b))[0];
  }

  private static INDArray of(int value) {
    return Nd4j.createFromArray(new int[] {value});
  }
}
