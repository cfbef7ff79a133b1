package org.sparklora.model.engine.vector;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The operations of {@link VectorKernels} that treat each element alone. Chunks that fit the
 * first-level cache are computed in arrays and copied back: each operation is one pass over memory.
 */
interface VectorElementwise extends Kernels {
  /** Elements of one chunk: three of them are 24 KiB. */
  int CHUNK = 2048;

  /** Exponentials of logits that are summed in float; a multiple of every vector length. */
  int BLOCK = 1024;

  /** The threads that compute. */
  WorkerPool pool();

  /** Computes the elements of one chunk. */
  interface Chunk {
    void run(long offset, int count, Scratch scratch);
  }

  private static void forChunks(WorkerPool pool, long size, Chunk chunk) {
    pool.forRanges(
        size,
        WorkerPool.ELEMENTS_PER_TASK,
        (from, to, scratch) -> {
          for (long offset = from; offset < to; offset += CHUNK) {
            chunk.run(offset, (int) Math.min(CHUNK, to - offset), scratch);
          }
        });
  }

  @Override
  default void copy(Tensor x, Tensor y) {
    copyScaled(pool(), x, 1, y);
  }

  /** {@code y = alpha · x}, rounded to y's type. */
  static void copyScaled(WorkerPool pool, Tensor x, float alpha, Tensor y) {
    forChunks(
        pool,
        x.size(),
        (offset, count, own) -> {
          float[] row = own.load(0, x, offset, count);
          if (alpha != 1) {
            scale(row, alpha, count);
          }
          own.store(row, y, offset, count);
        });
  }

  /** {@code row *= alpha} on a padded row. */
  static void scale(float[] row, float alpha, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMath.at(row, i).mul(alpha).intoArray(row, i);
    }
  }

  @Override
  default void fill(Tensor y, float value) {
    forChunks(
        pool(),
        y.size(),
        (offset, count, own) -> {
          float[] row = own.row(0, count);
          Arrays.fill(row, 0, count, value);
          y.write(offset, row, 0, count);
        });
  }

  @Override
  default void scale(Tensor y, float alpha) {
    copyScaled(pool(), y, alpha, y);
  }

  @Override
  default void addScaled(Tensor x, float alpha, Tensor y) {
    addScaled(pool(), x, alpha, y);
  }

  /** {@code y += alpha · x}. */
  static void addScaled(WorkerPool pool, Tensor x, float alpha, Tensor y) {
    forChunks(
        pool,
        y.size(),
        (offset, count, own) -> {
          float[] out = own.load(0, y, offset, count);
          addScaled(own.load(1, x, offset, count), alpha, out, count);
          y.write(offset, out, 0, count);
        });
  }

  /** {@code y += alpha·x} on padded rows. */
  static void addScaled(float[] x, float alpha, float[] y, int count) {
    FloatVector factor = VectorMath.broadcast(alpha);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMath.at(x, i).fma(factor, VectorMath.at(y, i)).intoArray(y, i);
    }
  }

  @Override
  default boolean isFinite(Tensor x) {
    AtomicBoolean finite = new AtomicBoolean(true);
    forChunks(
        pool(),
        x.size(),
        (offset, count, own) -> {
          float[] row = own.load(0, x, offset, count);
          FloatVector sum = VectorMath.broadcast(0);
          for (int i = 0; i < count; i += VectorMath.LANES) {
            sum =
                VectorMath.at(row, i).fma(VectorMath.broadcast(0), sum); // x·0 is NaN unless finite
          }
          if (sum.reduceLanes(VectorOperators.ADD) != 0) {
            finite.set(false);
          }
        });
    return finite.get();
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  @Override
  default void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    forChunks(
        pool(),
        y.size(),
        (offset, count, own) -> {
          float[] g = own.load(0, gate, offset, count);
          float[] u = own.load(1, up, offset, count);
          switch (f) {
            case SILU -> swiGluInPlace(g, u, count);
            case GELU_TANH -> geGluInPlace(g, u, count);
          }
          own.store(u, y, offset, count);
        });
  }

  @Override
  default void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    forChunks(
        pool(),
        dY.size(),
        (offset, count, own) -> {
          float[] g = own.load(0, gate, offset, count);
          float[] u = own.load(1, up, offset, count);
          float[] d = own.load(2, dY, offset, count);
          switch (f) {
            case SILU -> swiGluBackwardInPlace(g, u, d, count);
            case GELU_TANH -> geGluBackwardInPlace(g, u, d, count);
          }
          own.store(g, gate, offset, count);
          own.store(u, up, offset, count);
        });
  }

  /** {@code up = g·σ(g)·up}. */
  private static void swiGluInPlace(float[] gate, float[] up, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector g = VectorMath.at(gate, i);
      FloatVector u = VectorMath.at(up, i);
      g.mul(u).div(VectorMath.exp(g.neg()).add(1)).intoArray(up, i);
    }
  }

  /** Forward was {@code y = g·σ(g)·u}; with silu'(g) = σ(g)·(1 + g·(1 − σ(g))). */
  private static void swiGluBackwardInPlace(float[] gate, float[] up, float[] dY, int count) {
    FloatVector one = VectorMath.broadcast(1);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector g = VectorMath.at(gate, i);
      FloatVector u = VectorMath.at(up, i);
      FloatVector d = VectorMath.at(dY, i);
      FloatVector sigma = one.div(VectorMath.exp(g.neg()).add(one));
      FloatVector silu = g.mul(sigma);
      FloatVector slope = one.sub(sigma).fma(silu, sigma); // σ + σ·g·(1 − σ)
      d.mul(u).mul(slope).intoArray(gate, i);
      d.mul(silu).intoArray(up, i);
    }
  }

  /** {@code up = gelu(g)·up}. */
  private static void geGluInPlace(float[] gate, float[] up, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector g = VectorMath.at(gate, i);
      g.mul(VectorMath.at(up, i)).mul(geluSigma(g)).intoArray(up, i);
    }
  }

  /** {@code σ(z)} of {@code gelu(x) = x·σ(z)}. */
  private static FloatVector geluSigma(FloatVector x) {
    FloatVector z = x.mul(x).mul(GateFunction.CUBIC).add(GateFunction.LINEAR).mul(x);
    FloatVector one = VectorMath.broadcast(1);
    return one.div(VectorMath.exp(z.neg()).add(one));
  }

  /** With gelu'(g) = σ + g·z'·σ·(1 − σ) and z' = LINEAR + 3·CUBIC·g². */
  private static void geGluBackwardInPlace(float[] gate, float[] up, float[] dY, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector g = VectorMath.at(gate, i);
      FloatVector d = VectorMath.at(dY, i);
      FloatVector sigma = geluSigma(g);
      FloatVector gelu = g.mul(sigma);
      FloatVector turn = g.mul(g).mul(3 * GateFunction.CUBIC).add(GateFunction.LINEAR);
      FloatVector slope = VectorMath.broadcast(1).sub(sigma).mul(turn).fma(gelu, sigma);
      d.mul(VectorMath.at(up, i)).mul(slope).intoArray(gate, i);
      d.mul(gelu).intoArray(up, i);
    }
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  default void dropout(Tensor x, float rate, long seed, boolean adds, Tensor y) {
    forChunks(
        pool(),
        y.size(),
        (offset, count, own) -> {
          float[] out = adds ? own.load(1, y, offset, count) : own.row(1, count);
          if (!adds) {
            Arrays.fill(out, 0, VectorMath.roundUp(count), 0);
          }
          addMasked(own.load(0, x, offset, count), offset, rate, seed, out, count);
          own.store(out, y, offset, count);
        });
  }

  /**
   * {@code y += x·m/(1 − rate)} with the bits of {@link DropoutMask}. A chunk begins at a multiple
   * of its length, so that all its counters have the same upper half.
   */
  private static void addMasked(
      float[] x, long offset, float rate, long seed, float[] y, int count) {
    long key = DropoutMask.key(seed, offset >>> 32);
    IntVector low = IntVector.broadcast(VectorMath.INTS, (int) key);
    IntVector high = IntVector.broadcast(VectorMath.INTS, (int) (key >>> 32));
    IntVector counters = IntVector.broadcast(VectorMath.INTS, (int) offset).addIndex(1);
    FloatVector scale = VectorMath.broadcast(1 / (1 - rate));
    int threshold = DropoutMask.threshold(rate);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      IntVector hash =
          mix(
              mix(counters.add(i).mul(DropoutMask.K1).add(low))
                  .lanewise(VectorOperators.XOR, high));
      IntVector dropped = // all bits where the element is dropped, none where it is kept
          hash.lanewise(VectorOperators.LSHR, 8).sub(threshold).lanewise(VectorOperators.ASHR, 31);
      FloatVector value =
          VectorMath.at(x, i)
              .mul(scale)
              .reinterpretAsInts()
              .lanewise(VectorOperators.AND_NOT, dropped)
              .reinterpretAsFloats();
      VectorMath.at(y, i).add(value).intoArray(y, i);
    }
  }

  private static IntVector mix(IntVector h) {
    h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16)).mul(DropoutMask.K2);
    h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 13)).mul(DropoutMask.K3);
    return h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16));
  }
}
