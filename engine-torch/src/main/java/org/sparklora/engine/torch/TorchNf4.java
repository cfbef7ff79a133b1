package org.sparklora.engine.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/** An {@link Nf4Tensor} in the memory of a device, whose rows {@link Products} widens. */
final class TorchNf4 extends Tensor {
  private final TorchDevice device;
  private final TorchTensor codes;
  private final TorchTensor scales;
  private final TorchTensor pairs; // levels of both codes in a byte, (256, 2)
  private final DType values;

  /** Takes ownership of w, unless it throws. */
  TorchNf4(TorchDevice device, Nf4Tensor w) {
    super(DType.NF4, w.shape());
    this.device = device;
    this.values = w.values();
    float[] levels = Nf4Tensor.pairsOfLevels();
    List<TorchTensor> made = new ArrayList<>();
    try {
      made.add(moved(device, w.codes()));
      made.add(moved(device, w.scales()));
      made.add(TorchTensor.allocate(device, DType.FLOAT32, levels.length / 2, 2));
      made.get(2).write(0, levels, 0, levels.length);
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      made.forEach(Tensor::close);
      throw e;
    }
    this.codes = made.get(0);
    this.scales = made.get(1);
    this.pairs = made.get(2);
  }

  private static TorchTensor moved(TorchDevice device, HostTensor x) {
    if (!device.isApart()) {
      return TorchTensor.over(device, x);
    }
    try (x) {
      return closedOnFailure(
          TorchTensor.allocate(device, x.dtype(), x.shape()),
          y -> Scope.ofCopies().run(() -> device.send(TorchDevice.over(x), y.flat())));
    }
  }

  DType values() {
    return values;
  }

  /** A copy of rows in the type of {@link #values}; the scope frees it. */
  org.bytedeco.pytorch.Tensor widened(long from, long count) {
    return elements(from * columns(), count * columns()).view(count, columns());
  }

  private org.bytedeco.pytorch.Tensor elements(long start, long count) {
    long first = start / Nf4Tensor.BLOCK;
    long blocks = (start + count + Nf4Tensor.BLOCK - 1) / Nf4Tensor.BLOCK - first;
    org.bytedeco.pytorch.Tensor bytes =
        codes
            .flat()
            .narrow(0, first * Nf4Tensor.WORDS, blocks * Nf4Tensor.WORDS)
            .view(ScalarType.Byte);
    org.bytedeco.pytorch.Tensor wide =
        torch
            .index_select(pairs.matrix(), 0, bytes.to(ScalarType.Int))
            .view(blocks, Nf4Tensor.BLOCK)
            .mul_(scales.flat().narrow(0, first, blocks).unsqueeze(1));
    org.bytedeco.pytorch.Tensor some =
        wide.view(-1).narrow(0, start - first * Nf4Tensor.BLOCK, count);
    return values == DType.BFLOAT16 ? some.to(ScalarType.BFloat16) : some;
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    checkRange(offset, count);
    try (HostTensor copy = HostTensor.allocate(DType.FLOAT32, count)) {
      Scope.ofCopies().run(() -> device.fetch(elements(offset, count).to(ScalarType.Float), copy));
      copy.read(0, destination, from, count);
    }
  }

  @Override
  public void close() {
    codes.close();
    scales.close();
    pairs.close();
  }
}
