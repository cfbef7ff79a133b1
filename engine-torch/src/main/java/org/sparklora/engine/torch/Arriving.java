package org.sparklora.engine.torch;

import java.nio.DoubleBuffer;
import org.bytedeco.pytorch.Tensor;
import org.sparklora.model.engine.Arrival;

/**
 * Numbers that a device copies to host memory, which is freed when they are read.
 *
 * <p>Thread-safe.
 */
final class Arriving implements Arrival<double[]> {
  private final TorchDevice device;
  private final Tensor copy;
  private final long number;
  private double[] values; // null until the copy is read

  /**
   * @param copy float64 in host memory, from {@link Scope#kept}
   * @param number of the copy, for {@link TorchDevice#await}
   */
  Arriving(TorchDevice device, Tensor copy, long number) {
    this.device = device;
    this.copy = copy;
    this.number = number;
  }

  @Override
  public synchronized double[] await() {
    if (values == null) {
      device.await(number);
      DoubleBuffer numbers = copy.createBuffer();
      values = new double[numbers.remaining()];
      numbers.get(values);
      copy.releaseReference();
    }
    return values;
  }
}
