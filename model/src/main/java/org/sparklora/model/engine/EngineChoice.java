package org.sparklora.model.engine;

import java.io.Serializable;
import java.util.Optional;

/**
 * The engine that computes a run. The choice is serialized with the run's work: runs in one JVM may
 * use different engines, concurrently or one after the other.
 *
 * @param name a name as in {@code lora.engine}; empty for the computing JVM's default engine
 * @param deterministic whether every run must give the same bits, at the price of speed: on a GPU
 *     the torch engine otherwise adds some gradients in varying thread order. All other engines are
 *     always deterministic
 */
public record EngineChoice(String name, boolean deterministic) implements Serializable {
  private static final String DETERMINISM_PROPERTY = "lora.deterministic";

  /** The default engine of each JVM, as its system properties say. */
  public static final EngineChoice USUAL = new EngineChoice("", false);

  /**
   * The choice of a user; without a name, the value of this JVM's system property.
   *
   * @throws org.sparklora.model.config.InvalidSetting if there is no engine of this name
   */
  public static EngineChoice of(Optional<String> name, boolean deterministic) {
    String chosen = name.map(Engines::named).or(Engines::told).orElse("");
    return new EngineChoice(chosen, deterministic || Boolean.getBoolean(DETERMINISM_PROPERTY));
  }
}
