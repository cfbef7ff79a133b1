package org.sparklora.model.engine;

import java.util.Optional;
import org.sparklora.model.engine.hardware.CudaDevice;

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
   * Assigns a GPU as {@link Engines#useDevice} does, before an engine of this kind is opened.
   *
   * @return the device; empty if they compute on the CPU only
   */
  default Optional<CudaDevice> useDevice(int address) {
    return Optional.empty();
  }

  /** Whether results of this kind of engine vary in bits from run to run by default. */
  default boolean varies() {
    return false;
  }

  /** Makes engines of this kind give the same bits in every run, or ends that. */
  default void setDeterministic(boolean wanted) {}
}
