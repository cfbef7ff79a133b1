package org.sparklora.train;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.generate.Generator;
import org.sparklora.pipeline.table.TableException;

/**
 * The longest context that a model was trained for, {@code max_position_embeddings}. Later
 * positions can be computed, but the model never saw them in training: a prompt that fills the
 * context is refused, anything else too long is warned of once, or refused if the model's rotary
 * frequencies are not supported there. Not thread-safe.
 */
public final class ContextLength {
  private static final Logger LOG = LoggerFactory.getLogger(ContextLength.class);

  private final DecoderConfig model;
  private final int most;
  private boolean said;

  public ContextLength(DecoderConfig model) {
    this.model = model;
    this.most = model.maxPositionEmbeddings();
  }

  /**
   * Checks a prompt before its completion.
   *
   * @param completion most tokens of the prompt's completion
   * @throws TableException if the prompt alone fills the context
   * @throws IllegalArgumentException if {@link Generator#requireOneRotation} refuses the prompt
   */
  public void check(long promptId, int tokens, int completion) {
    if (tokens >= most) {
      throw new TableException(
          "Cannot complete prompt %s: it has %s tokens, and the model was made for %s with the completion (max_position_embeddings); shorten the prompt, or use a model with a longer context"
              .formatted(promptId, tokens, most));
    }
    Generator.requireOneRotation(model, promptId, tokens, completion);
    if (tokens + (long) completion > most) {
      say(
          false,
          "Prompt %s has %s tokens, which leaves %s for its completion in the %s that the model was made for (max_position_embeddings): what is drawn beyond means little; lower --max_completion_length, which is %s. More prompts may be as long"
              .formatted(promptId, tokens, most - tokens, most, completion));
    }
  }

  /** Checks a document before it is scored. */
  public void checkScored(String place, int tokens) {
    if (tokens > most) {
      say(
          true,
          "%s has a document of %s tokens, and the model was made for %s (max_position_embeddings): probabilities beyond mean little; cut it, or use a model with a longer context. More lines may be as long"
              .formatted(place, tokens, most));
    }
  }

  /** Checks the training documents; a {@code maxLength} of 0 is no limit. */
  public void checkTrained(int maxLength, int longest) {
    if (maxLength > most || longest > most) {
      say(
          longest > most,
          "max_length = %s allows more than the %s tokens that the model was made for (max_position_embeddings); the longest document has %s%s"
              .formatted(
                  maxLength == 0 ? "none" : maxLength,
                  most,
                  longest,
                  longest > most
                      ? ": it trains positions that mean nothing to the model yet; set --max_length %s"
                          .formatted(most)
                      : ", so nothing lies beyond"));
    }
  }

  /** {@code isBeyond}: whether a text that is to be computed is longer than the context. */
  private void say(boolean isBeyond, String warning) {
    if (isBeyond && model.longestText() <= most) {
      throw new TableException(
          "Cannot compute texts of this length with rope_scaling of type dynamic: " + warning);
    }
    if (!said) {
      LOG.warn(warning);
    }
    said = true;
  }
}
