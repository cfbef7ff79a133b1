package org.sparklora.model.generate;

import java.io.Serializable;

/**
 * One continuation of a prompt.
 *
 * @param promptId of the {@link Prompt}
 * @param index which of the prompt's completions this is, from 0
 * @param tokens without the prompt; a token that ended it is the last. Read-only and not copied
 * @param logProbs of each token, in nats: log softmax(logits / temperature) over the whole
 *     vocabulary, before top-k, top-p, min-p and the repetition penalty, as TRL's learner computes
 *     them; with temperature 0 those of temperature 1
 * @param stopReason why it ended
 */
public record Completion(
    long promptId, int index, int[] tokens, float[] logProbs, StopReason stopReason)
    implements Serializable {

  /** Why a completion ended. */
  public enum StopReason {
    /** It ended itself with an end token. */
    EOS,
    /** It reached the largest length. */
    LENGTH
  }
}
