package org.sparklora.pipeline.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Flags that mean something only beside another one. TRL ignores them silently where that one is
 * not set; here a line says so, since {@code --lora_r 64} without {@code --use_peft} trains all
 * weights.
 */
final class IdleFlags {
  /**
   * What a flag needs.
   *
   * @param flag another one
   * @param values any of which it must have
   */
  private record Need(String flag, List<String> values) {
    boolean isMet(Settings settings) {
      return settings.text(flag).filter(values::contains).isPresent();
    }

    String shown() {
      String first = values.get(0);
      return "--" + flag + (first.equals("true") ? "" : " " + String.join(" or ", values));
    }
  }

  private static final Map<String, Need> NEEDS = needs();

  private IdleFlags() {}

  private static Map<String, Need> needs() {
    Map<String, Need> needs = new LinkedHashMap<>();
    put(
        needs,
        new Need("use_peft", List.of("true")),
        List.of("lora_r", "lora_alpha", "lora_dropout", "lora_target_modules", "use_rslora"));
    put(
        needs,
        new Need("packing", List.of("true")),
        List.of("packing_strategy", "packing_batch_size"));
    put(needs, new Need("sync", List.of("parameters")), List.of("averaging_frequency"));
    put(needs, new Need("save_strategy", List.of("steps")), List.of("save_steps"));
    put(
        needs,
        new Need("save_strategy", List.of("steps", "epoch")),
        List.of("save_total_limit", "save_only_model"));
    put(needs, new Need("eval_strategy", List.of("steps")), List.of("eval_steps"));
    put(
        needs,
        new Need("eval_strategy", List.of("steps", "epoch")),
        List.of("eval_delay", "eval_packing", "num_generations_eval"));
    put(
        needs,
        new Need("dynamic_sampling", List.of("true")),
        List.of("dynamic_sampling_max_draws"));
    put(needs, new Need("log_completions", List.of("true")), List.of("num_completions_to_print"));
    put(
        needs,
        new Need("loss_type", List.of("sapo")),
        List.of("sapo_temperature_pos", "sapo_temperature_neg"));
    put(
        needs,
        new Need("push_to_hub", List.of("true")),
        List.of("hub_model_id", "hub_strategy", "hub_private_repo", "hub_revision"));
    return needs;
  }

  private static void put(Map<String, Need> needs, Need need, List<String> flags) {
    flags.forEach(flag -> needs.put(flag, need));
  }

  /** A line for each flag that was given another value than its default and changes nothing. */
  static List<String> notes(Settings settings) {
    List<String> notes = new ArrayList<>();
    for (Flag flag : FlagCatalog.shared().of(settings.command())) {
      Need need = NEEDS.get(flag.name());
      if (need != null
          && isSet(flag, settings)
          && FlagCatalog.shared().find(need.flag()).orElseThrow().isTakenBy(settings.command())
          && !need.isMet(settings)) {
        notes.add("--%s changes nothing here: it needs %s".formatted(flag.name(), need.shown()));
      }
    }
    return notes;
  }

  /** A file that a run wrote holds the defaults, too. */
  private static boolean isSet(Flag flag, Settings settings) {
    List<String> values = settings.values(flag.name());
    return settings.isGiven(flag.name())
        && !values.equals(
            flag.defaultValue(settings.command()).map(flag::parse).map(List::of).orElse(List.of()));
  }
}
