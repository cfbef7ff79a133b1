package org.sparklora.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
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
  static InitialParameters of(SftConfig config) throws IOException {
    return of(config.model(), config.lora(), config.adapterFolder(), config.batch().seed());
  }

  /**
   * The same of a run's parts.
   *
   * @param requestedLora empty trains all weights
   * @param adapterFolder an adapter to go on from
   * @param seed of a new adapter, and of dropout
   */
  public static InitialParameters of(
      SftConfig.Model base,
      Optional<LoraConfig> requestedLora,
      Optional<String> adapterFolder,
      long seed)
      throws IOException {
    String folder = base.folder();
    Path checkpoint = Path.of(folder);
    ConfigException.require(
        Files.isRegularFile(checkpoint.resolve("config.json")),
        "model_name_or_path",
        folder,
        "it must be a folder with config.json, model.safetensors and tokenizer.json; models of the hub have to be downloaded first");
    DecoderConfig model = DecoderConfig.read(checkpoint.resolve("config.json"));
    DType baseWeights = base.dtype().of(model);
    boolean gradientCheckpointing = base.gradientCheckpointing();
    if (requestedLora.isEmpty()) {
      ConfigException.require(
          baseWeights == DType.FLOAT32,
          "dtype",
          base.dtype().name().toLowerCase(Locale.ROOT),
          "weights that are trained are kept in float32, since most updates are too small for bfloat16; leave dtype out, or train an adapter with --use_peft");
      return new InitialParameters(
          TrainedModel.allWeights(absolute(checkpoint), gradientCheckpointing),
          Optional.empty(),
          seed);
    }
    Optional<AdapterFile> adapter = Optional.empty();
    LoraConfig lora = requestedLora.get();
    if (adapterFolder.isPresent()) {
      adapter = Optional.of(AdapterFile.open(Path.of(adapterFolder.get()), model));
      lora = adapter.get().layout().config();
    }
    return new InitialParameters(
        TrainedModel.adapter(absolute(checkpoint), lora, baseWeights, gradientCheckpointing, seed),
        adapter,
        seed);
  }

  private static String absolute(Path folder) {
    return folder.toAbsolutePath().normalize().toString();
  }

  /** Fills a vector of the model's layout. */
  public void write(Kernels kernels, Tensor parameters) throws IOException {
    if (adapter.isPresent()) {
      adapter.get().load(kernels, parameters);
    } else if (model.layout() instanceof AdapterLayout layout) {
      layout.initialize(parameters, seed);
    } else if (model.layout() instanceof WeightLayout layout) {
      try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(model.checkpoint()))) {
        layout.load(checkpoint, kernels, parameters);
      }
    }
  }
}
