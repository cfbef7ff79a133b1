package org.sparklora.model.engine;

import java.io.Serializable;
import java.util.Optional;

/**
 * Which engine computes a run. It is a value of the run, which travels with what is computed: runs
 * of one JVM may have different ones, side by side or one after the other.
 *
 * @param name as {@code lora.engine} has it; empty for the usual one of whatever JVM computes
 * @param deterministic whether the same bits are wanted in every run, at the price of speed: on a
 *     GPU torch's engine adds some gradients in whatever order threads come unless it is told not
 *     to. All others are so in any case
 */
public record EngineChoice(String name, boolean deterministic) implements Serializable {
  private static final String DETERMINISM_PROPERTY = "lora.deterministic";

  /** What each JVM's system properties say. */
  public static final EngineChoice USUAL = new EngineChoice("", false);

  /**
   * What a user says, else what this JVM's system properties say.
   *
   * @throws org.sparklora.model.config.InvalidSetting if there is no engine of this name
   */
  public static EngineChoice of(Optional<String> name, boolean deterministic) {
    String chosen = name.map(Engines::named).or(Engines::told).orElse("");
    return new EngineChoice(chosen, deterministic || Boolean.getBoolean(DETERMINISM_PROPERTY));
  }
}
