package org.sparklora.model.generate;

import java.io.Serializable;

/**
 * One continuation of a prompt.
 *
 * @param index number of this completion among the prompt's, from 0
 * @param tokens without the prompt; includes the end token, if one ended it. Read-only and not
 *     copied
 * @param logProbs log-probability of each token, in nats: log softmax(logits / temperature) over
 *     the whole vocabulary, before top-k, top-p, min-p and the repetition penalty, as TRL's learner
 *     computes them; with temperature 0 as if it were 1
 */
public record Completion(
    long promptId, int index, int[] tokens, float[] logProbs, StopReason stopReason)
    implements Serializable {

  public enum StopReason {
    /** The model drew an end token. */
    EOS,
    /** The completion reached the largest length. */
    LENGTH
  }
}
