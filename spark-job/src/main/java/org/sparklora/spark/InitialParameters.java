package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.train.TrainedModel;

/**
 * What training starts from: a new adapter, an existing one, or all weights of a checkpoint.
 *
 * @param model what is trained
 * @param adapter the adapter to go on from, if there is one
 * @param seed of a new adapter
 */
public record InitialParameters(TrainedModel model, Optional<AdapterFile> adapter, long seed) {

  /** Reads {@code config.json}, and the adapter to go on from, whose rank and targets then hold. */
  static InitialParameters of(Configuration hadoop, SftConfig config) throws IOException {
    return of(hadoop, config.model(), config.lora(), config.startAdapter(), config.batch().seed());
  }

  /**
   * The same of a run's parts.
   *
   * @param hadoop finds models of other file systems
   * @param requestedLora empty trains all weights
   * @param startAdapter an adapter to go on from
   * @param seed of a new adapter, and of dropout
   */
  public static InitialParameters of(
      Configuration hadoop,
      SftConfig.Model base,
      Optional<LoraConfig> requestedLora,
      Optional<ModelReference> startAdapter,
      long seed)
      throws IOException {
    ModelSource checkpoint = base.reference().locate(hadoop, ModelSource.Part.WHOLE);
    Path configJson = checkpoint.folder().resolve("config.json");
    ConfigException.require(
        Files.isRegularFile(configJson),
        "model_name_or_path",
        base.name(),
        "it must be a folder with config.json, model.safetensors and tokenizer.json, or a repository of the hub with them, written namespace/name");
    DecoderConfig model = DecoderConfig.read(configJson);
    DType baseWeights = base.dtype().of(model);
    boolean gradientCheckpointing = base.gradientCheckpointing();
    if (requestedLora.isEmpty()) {
      ConfigException.require(
          baseWeights == DType.FLOAT32,
          "dtype",
          base.dtype().name().toLowerCase(Locale.ROOT),
          "weights that are trained are kept in float32, since most updates are too small for bfloat16; leave dtype out, or train an adapter with --use_peft");
      return new InitialParameters(
          TrainedModel.allWeights(checkpoint, gradientCheckpointing), Optional.empty(), seed);
    }
    Optional<AdapterFile> adapter = Optional.empty();
    LoraConfig lora = requestedLora.get();
    if (startAdapter.isPresent()) {
      Path folder = startAdapter.get().locate(hadoop, ModelSource.Part.WHOLE).folder();
      adapter = Optional.of(AdapterFile.open(folder, model));
      lora = adapter.get().layout().config();
    }
    return new InitialParameters(
        TrainedModel.adapter(checkpoint, lora, baseWeights, gradientCheckpointing, seed),
        adapter,
        seed);
  }

  /** Fills a vector of the model's layout. */
  public void write(Kernels kernels, Tensor parameters) throws IOException {
    if (adapter.isPresent()) {
      adapter.get().load(kernels, parameters);
    } else if (model.layout() instanceof AdapterLayout layout) {
      layout.initialize(parameters, seed);
    } else if (model.layout() instanceof WeightLayout layout) {
      try (CheckpointFolder checkpoint = CheckpointFolder.open(model.checkpoint().folder())) {
        layout.load(checkpoint, kernels, parameters);
      }
    }
  }
}
