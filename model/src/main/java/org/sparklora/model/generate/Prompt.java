package org.sparklora.model.generate;

import java.io.Serializable;

/**
 * What completions continue.
 *
 * @param id tells its random numbers from those of other prompts, so it must not change when
 *     prompts are distributed otherwise: the number of the prompt in its table
 * @param tokens rendered and tokenized; read-only and not copied
 */
public record Prompt(long id, int[] tokens) implements Serializable {

  public Prompt {
    if (tokens.length == 0) {
      throw new IllegalArgumentException(
          "Cannot complete prompt %s: it has no tokens; take it out".formatted(id));
    }
  }
}
