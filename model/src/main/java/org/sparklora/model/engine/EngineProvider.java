package org.sparklora.model.engine;

import java.util.OptionalLong;

/**
 * A kind of engine, found with {@link java.util.ServiceLoader}, so that the decoder does not depend
 * on the engines' libraries. Needs a public constructor without parameters.
 */
public interface EngineProvider {

  /** The engine's name in {@code lora.engine}. */
  String name();

  /**
   * New kernels, which their engine closes.
   *
   * @param threads at least 1, for engines that compute on the CPU
   * @throws IllegalStateException if the kernels cannot run in this JVM, with the remedy
   */
  Kernels open(int threads);

  /**
   * Assigns a GPU to this JVM, if engines of this kind compute on GPUs. To be called before an
   * engine is opened.
   *
   * @param address the device's number as the cluster gives it, equal to that of {@code nvidia-smi}
   * @return false if they compute on the CPU only
   * @throws IllegalStateException if the device, its driver or its compute capability is not
   *     supported; names the found and the supported ones
   */
  default boolean useDevice(int address) {
    return false;
  }

  /** Whether results of this kind of engine vary in bits from run to run by default. */
  default boolean varies() {
    return false;
  }

  /** Makes engines of this kind give the same bits in every run, or ends that. */
  default void setDeterministic(boolean wanted) {}

  /** Bytes in use, by all processes, on the GPU that this JVM computes on; empty without a GPU. */
  default OptionalLong usedDeviceBytes() {
    return OptionalLong.empty();
  }
}
