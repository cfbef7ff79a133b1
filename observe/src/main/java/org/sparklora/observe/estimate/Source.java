package org.sparklora.observe.estimate;

import com.fasterxml.jackson.annotation.JsonValue;

/** A source of rules or numbers in the report. */
public enum Source {
  BLOG("Schulman et al., LoRA Without Regret (2025), https://thinkingmachines.ai/blog/lora/"),
  GUIDE("TRL, LoRA Without Regret, https://huggingface.co/docs/trl/lora_without_regret"),
  COOKBOOK("tinker-cookbook, tinker_cookbook/hyperparam_utils.py, get_lr"),
  ALLEN_ZHU("Allen-Zhu and Li, Physics of Language Models 3.3 (2024): 2 bits a parameter"),
  SHAPES("counted from the shapes in config.json"),
  MEMORY_MODEL("the memory model of docs/regret.md, measured on SmolLM2-135M"),
  MACHINE("what this machine or container reports"),
  SWEEP("a sweep of this model"),
  LOG("the log of this run");

  private final String citation;

  Source(String citation) {
    this.citation = citation;
  }

  /** Author, title and place. */
  @JsonValue
  public String citation() {
    return citation;
  }

  /** The name in the brackets of the printed report. */
  public String shortName() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }
}
