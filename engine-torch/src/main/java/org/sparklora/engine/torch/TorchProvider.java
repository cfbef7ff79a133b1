package org.sparklora.engine.torch;

import java.util.Locale;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.hardware.CudaDevice;

/**
 * Opens engines of libtorch: on CPUs, or in a build with {@code -Pcuda} on one GPU, whose driver
 * and libraries are checked before libtorch is loaded.
 *
 * <p>Thread-safe.
 */
public final class TorchProvider implements EngineProvider {
  /** A file in the jar of libtorch's CUDA build. */
  private static final String LIBRARY = "/org/bytedeco/pytorch/%s-gpu/libtorch_cuda.so";

  /** The oldest driver that runs programs of CUDA 13. */
  private static final int OLDEST_DRIVER = 580;

  /** The lowest compute capability that FlashAttention and bfloat16 products need: 8.0. */
  private static final int LOWEST_CAPABILITY = 80;

  /** The GPU if the cluster assigned none. */
  private static final int FIRST = 0;

  private Optional<CudaDevice> chosen = Optional.empty();

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public Kernels open(int threads) {
    TorchKernels kernels = new TorchKernels(device(), threads);
    // new memory needs no fill: it is written before it is read
    torch.globalContext().setDeterministicFillUninitializedMemory(false);
    return kernels;
  }

  /** The chosen GPU, or the first one in a build for GPUs; else the CPU. */
  private synchronized TorchDevice device() {
    Optional<CudaDevice> gpu = chosen.or(() -> useDevice(FIRST));
    if (gpu.isEmpty()) {
      return TorchDevice.ofProcessors();
    }
    int visible = torch.cuda_device_count();
    if (gpu.get().index() >= visible) {
      throw new IllegalStateException(
          "Cannot compute on %s: CUDA sees %s GPUs; leave CUDA_VISIBLE_DEVICES out of this process's environment, which is %s"
              .formatted(gpu.get(), visible, System.getenv("CUDA_VISIBLE_DEVICES")));
    }
    return TorchDevice.ofGpu(gpu.get().index(), gpu.get().toString());
  }

  @Override
  public synchronized Optional<CudaDevice> useDevice(int address) {
    String library = String.format(Locale.ROOT, LIBRARY, Loader.getPlatform());
    if (TorchProvider.class.getResource(library) == null) {
      return Optional.empty();
    }
    CudaDevice device = CudaDevice.at(address);
    check(device);
    CudaLibraries.require();
    chosen = Optional.of(device);
    return chosen;
  }

  static void check(CudaDevice device) {
    if (device.capability() < LOWEST_CAPABILITY) {
      throw new IllegalStateException(
          "Cannot compute on %s: libtorch's engine needs compute capability 8.0 (Ampere) or newer; build with -Pnd4j-cuda instead of -Pcuda for this GPU, or say -Dlora.engine=vector for processors"
              .formatted(device));
    }
    device.requireDriver(OLDEST_DRIVER, "CUDA 13");
  }

  /**
   * Sets libtorch's flag for the whole process. libtorch only warns of operators that cannot obey:
   * this engine uses none of them, and cuBLAS, of which it warns too, runs in one stream.
   */
  @Override
  public void setDeterministic(boolean wanted) {
    torch.globalContext().setDeterministicAlgorithms(wanted, true);
  }

  @Override
  public boolean varies() {
    return true;
  }
}
