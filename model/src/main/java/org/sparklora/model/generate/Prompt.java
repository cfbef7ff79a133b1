package org.sparklora.model.generate;

import java.io.Serializable;

/**
 * A tokenized prompt.
 *
 * @param id the number of the prompt in its table: seeds the prompt's random numbers, so it must
 *     not depend on how prompts are distributed
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
