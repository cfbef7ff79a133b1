package org.sparklora.engine.torch;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.bytedeco.javacpp.Loader;

/**
 * Checks the system's libraries that libtorch's CUDA build links with, before libtorch is loaded:
 * its own error would name the first missing library and no remedy.
 */
final class CudaLibraries {
  /** File names for the dynamic linker, and the product that contains each file. */
  private static final Map<String, String> NEEDED =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("libcuda.so.1", "NVIDIA's driver"),
              Map.entry("libcudart.so.13", "CUDA 13"),
              Map.entry("libcublas.so.13", "CUDA 13"),
              Map.entry("libcublasLt.so.13", "CUDA 13"),
              Map.entry("libcufft.so.12", "CUDA 13"),
              Map.entry("libcufile.so.0", "CUDA 13"),
              Map.entry("libcupti.so.13", "CUDA 13"),
              Map.entry("libcurand.so.10", "CUDA 13"),
              Map.entry("libcusparse.so.12", "CUDA 13"),
              Map.entry("libnvJitLink.so.13", "CUDA 13"),
              Map.entry("libcudnn.so.9", "cuDNN 9"),
              Map.entry("libnccl.so.2", "NCCL 2")));

  private CudaLibraries() {}

  /**
   * Loads all needed libraries.
   *
   * @throws IllegalStateException if some are missing; the message says which, where the linker
   *     searched, and how to get them
   */
  static void require() {
    require(CudaLibraries::loads, System.getenv("LD_LIBRARY_PATH"));
  }

  /** {@code loads} tells whether the dynamic linker finds and loads a library. */
  static void require(Predicate<String> loads, String libraryPath) {
    List<String> missing =
        NEEDED.entrySet().stream()
            .filter(library -> !loads.test(library.getKey()))
            .map(library -> "%s (%s)".formatted(library.getKey(), library.getValue()))
            .toList();
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "Cannot compute on a GPU with libtorch: the dynamic linker finds no %s in LD_LIBRARY_PATH (%s), the linker's cache (ldconfig -p) and the system's folders; use a container with CUDA 13, cuDNN 9 and NCCL (nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04), install NVIDIA's packages cuda-toolkit-13, cudnn9-cuda-13 and libnccl2, or pip install 'cuda-toolkit[all]==13.0.*' nvidia-cudnn-cu13 nvidia-nccl-cu13 and name the lib folders below site-packages/nvidia in spark.executorEnv.LD_LIBRARY_PATH"
              .formatted(
                  String.join(", ", missing), libraryPath == null ? "not set" : libraryPath));
    }
  }

  private static boolean loads(String file) {
    try {
      Loader.loadGlobal(file);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }
}
