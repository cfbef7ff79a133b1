package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A tensor of the engine under test, with guard zones on both sides that nobody may touch. The
 * reference reads and writes every kind of tensor.
 */
public final class GuardedTensor implements AutoCloseable {
  private static final int GUARD = 64;
  private static final float SENTINEL = 1234.5f;

  /** The most values drawn so far, by seed: a thousand cases begin with the same ones. */
  private static final Map<Long, float[]> DRAWN = new ConcurrentHashMap<>();

  private final Tensor whole;
  private final Tensor view;

  private GuardedTensor(Engine engine, float[] values, long... shape) {
    float[] guarded = new float[values.length + 2 * GUARD];
    Arrays.fill(guarded, SENTINEL);
    System.arraycopy(values, 0, guarded, GUARD, values.length);
    whole = engine.allocate(guarded.length);
    whole.write(0, guarded, 0, guarded.length);
    view = whole.view(GUARD, shape);
    assertThat(view.size()).as("size of %s", view).isEqualTo(values.length);
  }

  public static GuardedTensor of(Engine engine, float[] values, long... shape) {
    return new GuardedTensor(engine, values.clone(), shape);
  }

  /** Uniform in [−1, 1), the same for the same seed and size. */
  public static GuardedTensor random(Engine engine, long seed, long... shape) {
    return new GuardedTensor(engine, randomValues(seed, size(shape)), shape);
  }

  public static GuardedTensor filled(Engine engine, float value, long... shape) {
    float[] values = new float[size(shape)];
    Arrays.fill(values, value);
    return new GuardedTensor(engine, values, shape);
  }

  public static float[] randomValues(long seed, int size) {
    float[] drawn =
        DRAWN.compute(
            seed, (key, old) -> old != null && old.length >= size ? old : draw(key, size));
    return Arrays.copyOf(drawn, size);
  }

  private static float[] draw(long seed, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return values;
  }

  /** Random values stored as bfloat16, float32 or NF4. */
  public static Tensor weight(Engine engine, DType dtype, long seed, long... shape) {
    float[] values = randomValues(seed, size(shape));
    if (dtype == DType.NF4) {
      try (Tensor host = HostTensor.allocate(DType.FLOAT32, shape)) {
        host.write(0, values, 0, values.length);
        return engine.quantized(Nf4Tensor.of(host, DType.FLOAT32, false));
      }
    }
    Tensor tensor = engine.allocate(dtype, shape);
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  private static int size(long... shape) {
    return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
  }

  public Tensor tensor() {
    return view;
  }

  public float[] values() {
    return view.toArray();
  }

  /** Fails with the place of the largest difference, or when a guard was overwritten. */
  public void assertCloseTo(float[] expected, double tolerance) {
    float[] all = whole.toArray();
    int end = all.length - GUARD;
    assertClose(Arrays.copyOfRange(all, GUARD, end), expected, view.columns(), tolerance);
    assertThat(Arrays.copyOf(all, GUARD)).as("guard before the tensor").containsOnly(SENTINEL);
    assertThat(Arrays.copyOfRange(all, end, all.length))
        .as("guard after the tensor")
        .containsOnly(SENTINEL);
  }

  public static void assertClose(float[] actual, float[] expected, int columns, double tolerance) {
    assertClose("the tensor", actual, expected, columns, tolerance);
  }

  /** Takes linear time; AssertJ's containsExactly takes quadratic time. */
  public static void assertClose(
      String name, float[] actual, float[] expected, int columns, double tolerance) {
    assertThat(actual).as(name).hasSameSizeAs(expected);
    int worst = -1;
    double largest = tolerance;
    int count = 0;
    for (int i = 0; i < actual.length; i++) {
      double difference = Math.abs((double) actual[i] - expected[i]);
      if (!(difference <= tolerance)) { // also true for NaN
        count++;
        if (worst < 0 || difference > largest) {
          worst = i;
          largest = difference;
        }
      }
    }
    if (worst >= 0) {
      fail(
          "%s, row %d, column %d: expected %s but was %s (difference %.3g, allowed %.3g; %d of %d differ)",
          name,
          worst / columns,
          worst % columns,
          expected[worst],
          actual[worst],
          largest,
          tolerance,
          count,
          actual.length);
    }
  }

  @Override
  public void close() {
    whole.close();
  }
}
