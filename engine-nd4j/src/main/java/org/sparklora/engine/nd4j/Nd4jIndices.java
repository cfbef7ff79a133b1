package org.sparklora.engine.nd4j;

import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.NativeMemory;

/** Indices in ND4J's memory, int32. */
final class Nd4jIndices extends Indices {
  private final INDArray array; // one element if the indices are empty, which ND4J's cannot be
  private final Runnable free;

  private Nd4jIndices(INDArray array, Runnable free, int count, int bound) {
    super(count, bound);
    this.array = array;
    this.free = free;
  }

  static Nd4jIndices of(int[] values, int bound) {
    int[] some = values.length == 0 ? new int[1] : values;
    INDArray array = Nd4jScratch.outside(() -> Nd4j.createFromArray(some));
    long bytes = (long) some.length * Integer.BYTES;
    NativeMemory counted = NativeMemory.ofLibrary(bytes, array::close);
    return new Nd4jIndices(array, counted::close, values.length, bound);
  }

  INDArray array() {
    return array;
  }

  @Override
  public Nd4jIndices part(int from, int to) {
    Objects.checkFromToIndex(from, to, count());
    INDArray part = Nd4jScratch.outside(() -> array.get(NDArrayIndex.interval(from, to)));
    return new Nd4jIndices(part, () -> {}, to - from, bound());
  }

  @Override
  public int[] toArray() {
    return count() == 0 ? new int[0] : Nd4jScratch.of(() -> array.dup().toIntVector());
  }

  @Override
  public void close() {
    free.run();
  }
}
