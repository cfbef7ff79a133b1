package org.sparklora.model.engine;

import java.util.OptionalLong;

/**
 * A kind of engine, found with {@link java.util.ServiceLoader}: so the decoder depends on none of
 * the libraries that may compute it. Needs a public constructor without parameters.
 */
public interface EngineProvider {

  /** What {@code lora.engine} calls it. */
  String name();

  /**
   * New kernels, which their engine closes.
   *
   * @param threads at least 1, for engines that compute on the CPU
   * @throws IllegalStateException if they cannot run here, with the remedy
   */
  Kernels open(int threads);

  /**
   * Makes a GPU the one that this JVM computes on, if engines of this kind can; before any is
   * opened.
   *
   * @param address the device's number as the cluster gives it, that of {@code nvidia-smi}
   * @return false if they compute on the CPU only
   * @throws IllegalStateException if the device, its driver or its compute capability cannot work,
   *     with what was found and what is supported
   */
  default boolean useDevice(int address) {
    return false;
  }

  /** Whether engines of this kind give other bits from run to run unless told not to. */
  default boolean varies() {
    return false;
  }

  /** Whether engines of this kind, which may vary, are to give the same bits from now on. */
  default void setDeterministic(boolean wanted) {}

  /** Bytes in use on the device that this JVM computes on, whoever uses them; empty without one. */
  default OptionalLong usedDeviceBytes() {
    return OptionalLong.empty();
  }
}
