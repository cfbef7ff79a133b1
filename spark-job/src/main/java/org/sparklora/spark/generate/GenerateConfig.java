package org.sparklora.spark.generate;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.train.RowOrder;
import org.sparklora.train.grpo.PromptOrder;
import org.sparklora.train.vllm.VllmConfig;

/**
 * Settings of the completion of prompts.
 *
 * @param sampling how completions are drawn, up to the largest length
 * @param ignoreEos {@code ignore_eos}: whether completions continue after an end token
 * @param workers {@code num_workers}: number of executors; all if empty
 * @param round the round of a {@code grpo} run to generate; empty completes all prompts
 * @param vllm the servers that generate; empty for this project's decoder
 */
public record GenerateConfig(
    Model model,
    SamplingConfig sampling,
    boolean ignoreEos,
    Optional<Integer> workers,
    Optional<Round> round,
    Optional<VllmConfig> vllm) {

  /** A model, with or without an adapter. */
  public record Model(ModelConfig base, Optional<ModelReference> adapter) {
    public static Model of(Settings settings) {
      return new Model(ModelConfig.of(settings), ModelReference.of(settings, Flags.ADAPTER));
    }

    /** The absolute names of their folders. */
    public List<String> places() {
      return Stream.concat(Stream.of(base.reference()), adapter.stream())
          .map(ModelReference::place)
          .toList();
    }
  }

  /**
   * A round of a run.
   *
   * @param number {@code round}, from 0
   * @param prompts number of prompts per round
   * @param seed {@code seed}
   */
  public record Round(int number, int prompts, RowOrder order, long seed) {
    List<Prompt> of(List<Prompt> all) {
      return new PromptOrder(all.size(), prompts, order, seed).of(all, number);
    }
  }

  public static GenerateConfig of(Settings settings) {
    SamplingConfig sampling = sampling(settings);
    return new GenerateConfig(
        Model.of(settings),
        sampling,
        settings.get(Flags.IGNORE_EOS),
        settings.find(Flags.NUM_WORKERS),
        settings
            .find(Flags.ROUND)
            .map(number -> round(settings, number, sampling.numGenerations())),
        VllmConfig.of(
            settings,
            ownAdapters(
                settings
                    .find(Flags.OUTPUT)
                    .or(() -> settings.find(Flags.OUTPUT_DIR))
                    .orElse("generate"))));
  }

  /** A folder of adapters for servers that no other process has: several may write one output. */
  public static String ownAdapters(String output) {
    return output + ".vllm-adapters-" + UUID.randomUUID();
  }

  /** How completions are drawn, of a user's settings. */
  public static SamplingConfig sampling(Settings settings) {
    return ModelConfig.checked(
        () ->
            new SamplingConfig(
                settings.find(Flags.NUM_GENERATIONS).orElse(1),
                settings.get(Flags.MAX_COMPLETION_LENGTH),
                new SamplingRule(
                    settings.get(Flags.TEMPERATURE).floatValue(),
                    settings.get(Flags.TOP_K),
                    settings.get(Flags.TOP_P).floatValue(),
                    settings.get(Flags.MIN_P).floatValue(),
                    settings.get(Flags.REPETITION_PENALTY).floatValue()),
                Set.of(),
                settings.get(Flags.SEED)));
  }

  private static Round round(Settings settings, int number, int generations) {
    int size =
        settings
            .find(Flags.GENERATION_BATCH_SIZE)
            .orElseThrow(
                () ->
                    new ConfigException(
                        Flags.ROUND,
                        number,
                        "say with --%s how many completions a round of the run has"
                            .formatted(Flags.GENERATION_BATCH_SIZE)));
    ConfigException.require(
        size % generations == 0,
        Flags.GENERATION_BATCH_SIZE,
        size,
        "it must be a multiple of %s, which is %s".formatted(Flags.NUM_GENERATIONS, generations));
    return new Round(
        number,
        size / generations,
        settings.get(Flags.SHUFFLE_DATASET) ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
        settings.get(Flags.SEED));
  }
}
