package org.sparklora.model.generate;

/** The model's logits are NaN or infinite: it has diverged. */
public final class NonFiniteLogitsException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** Names the prompt that cannot be completed by its id. */
  public NonFiniteLogitsException(long prompt) {
    super(
        "Cannot complete prompt %s: the model yields NaN or infinite numbers in place of probabilities; its weights, or the adapter's, come from a run that diverged or were damaged. In training, lower learning_rate or add warmup_steps"
            .formatted(prompt));
  }
}
