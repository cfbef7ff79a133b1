package org.sparklora.spark;

import java.util.List;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.spark.train.TrainerState;

/** The {@code README.md} of a result folder, with the front matter that the hub and PEFT read. */
final class ModelCard {
  private ModelCard() {}

  static String of(SftConfig config, ParameterLayout layout, TrainerState state) {
    boolean adapter = layout instanceof AdapterLayout;
    String base = config.model().name();
    return """
        ---
        base_model: %s
        library_name: %s
        model_name: %s
        tags:
        %s
        pipeline_tag: text-generation
        ---

        # %s

        %s, trained on `%s` by supervised fine-tuning.

        | | |
        |---|---|
        | trained parameters | %,d |
        | steps | %d |
        | tokens | %,d |
        | mean loss | %.4f |
        | learning rate | %s, %s |
        | batch | %d rows × %d micro-batches |
        %s
        The loss of each step is in `trainer_state.json` and `loss.png`, all settings in `sft_config.yaml`.

        ## Framework versions

        - spark-lora %s
        - Spark %s
        - Java %s
        """
        .formatted(
            base,
            adapter ? "peft" : "transformers",
            config.output().runName(),
            tags(base, adapter),
            config.output().runName(),
            adapter
                ? "A LoRA adapter for `%s`".formatted(base)
                : "All weights of `%s`".formatted(base),
            config.data().source().dataset(),
            layout.size(),
            state.sums().steps(),
            state.sums().tokens(),
            state.trainLoss(),
            config.optimizer().learningRate(),
            config.schedule().type().flag(),
            config.batch().rows(),
            config.batch().accumulation(),
            layout instanceof AdapterLayout lora
                ? "| LoRA | rank %d, alpha %s, dropout %s |%n"
                    .formatted(lora.config().rank(), lora.config().alpha(), lora.config().dropout())
                : "",
            version(),
            org.apache.spark.package$.MODULE$.SPARK_VERSION(),
            Runtime.version());
  }

  private static String tags(String base, boolean adapter) {
    List<String> tags =
        adapter
            ? List.of("base_model:adapter:" + base, "lora", "sft", "spark-lora", "transformers")
            : List.of("generated_from_trainer", "sft", "spark-lora");
    return String.join("\n", tags.stream().map(tag -> "- " + tag).toList());
  }

  private static String version() {
    String version = ModelCard.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }
}
