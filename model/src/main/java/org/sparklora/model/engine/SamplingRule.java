package org.sparklora.model.engine;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;

/**
 * How a token is drawn from a row of logits. Names, order and meaning are those of transformers:
 * the repetition penalty first, then temperature, top-k, top-p and min-p, each applied to the
 * tokens that the previous one kept. Tokens of equal logits are kept or dropped together.
 *
 * @param temperature logits are divided by it; 0 takes the likeliest token always
 * @param topK only this many likeliest tokens can be drawn; 0 for all
 * @param topP only the likeliest tokens whose probabilities sum to this can be drawn; 1 for all
 * @param minP tokens less likely than this share of the likeliest cannot be drawn; 0 for all
 * @param repetitionPenalty logits of tokens that were seen are divided by it if positive,
 *     multiplied if negative; 1 for none
 */
public record SamplingRule(
    float temperature, int topK, float topP, float minP, float repetitionPenalty)
    implements Serializable {

  public SamplingRule {
    require(temperature >= 0, "temperature", temperature, "it must be 0 for greedy, or above");
    require(topK >= 0, "top_k", topK, "it must be 0 for all tokens, or how many to draw from");
    require(
        topP >= 0 && topP <= 1, "top_p", topP, "it must be from 0 to 1; 1 draws from all tokens");
    require(
        minP >= 0 && minP <= 1, "min_p", minP, "it must be from 0 to 1; 0 draws from all tokens");
    require(
        repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
        "repetition_penalty",
        repetitionPenalty,
        "it must be a number above 0; 1 is none");
  }

  /** A rule by which any token can be drawn, or with temperature 0 the likeliest alone. */
  public static SamplingRule at(float temperature) {
    return new SamplingRule(temperature, 0, 1, 0, 1);
  }

  /** Whether the likeliest token is taken instead of drawing one. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  public boolean hasPenalty() {
    return repetitionPenalty != 1;
  }

  /** The logit of a seen token after the repetition penalty. */
  public float penalised(float logit) {
    return logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty;
  }

  /** The temperature of the reported log-probabilities: 1 if the rule is greedy. */
  public float scoringTemperature() {
    return isGreedy() ? 1 : temperature;
  }
}
