package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.dl4j.TrainedNetwork;
import org.sparklora.train.SupervisedLoss;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.resume.ModelFingerprint;
import org.sparklora.train.resume.RunFingerprint;
import org.sparklora.train.vector.FlatVector;

/**
 * The parameters that training starts from: a new adapter, an existing one, or all weights of a
 * checkpoint.
 *
 * @param model the trained model
 * @param adapter the existing adapter to continue, if set
 * @param seed of a new adapter
 */
public record InitialParameters(TrainedModel model, Optional<AdapterFile> adapter, long seed) {
  private static final Logger LOG = LoggerFactory.getLogger(InitialParameters.class);

  private static final long SEEDLESS = 0;

  /** The parameters that a run of these settings starts from. */
  public static InitialParameters of(Configuration hadoop, TrainingConfig config)
      throws IOException {
    ModelConfig base = config.model();
    TrainingSettings training = config.training();
    long seed = config.course().seed();
    ModelSource checkpoint = base.reference().locate(hadoop, ModelSource.Part.WHOLE);
    DecoderConfig model = decoder(base, checkpoint);
    Optional<AdapterFile> adapter = Optional.empty();
    Optional<LoraConfig> lora = training.lora();
    try (CheckpointFolder weights = CheckpointFolder.open(checkpoint.folder())) { // or damage shows
      if (lora.isPresent() && training.startAdapter().isPresent()) {
        Path folder = training.startAdapter().get().folder(hadoop);
        adapter = Optional.of(AdapterFile.open(folder, base.name(), weights).trainable());
        AdapterLayout asked = AdapterLayout.of(lora.get(), model);
        AdapterLayout kept = adapter.get().layout();
        List<String> overruled = overruled(asked, training.given(), kept);
        if (!overruled.isEmpty()) {
          LOG.warn(
              "An adapter that training goes on from keeps its own settings: {}. Leave these flags out, or change the adapter's adapter_config.json",
              String.join(", ", overruled));
        }
        lora = Optional.of(kept.config());
      }
    }
    TrainedModel trained = trained(base, checkpoint, model, lora, seed).reading(base.dialect());
    SupervisedLoss loss = new SupervisedLoss(config.isDynamic(), routerWeight(config, model));
    return new InitialParameters(trained.minimizing(loss), adapter, seed);
  }

  /** The weight of the routers' auxiliary loss: the user's, else that of {@code config.json}. */
  private static double routerWeight(TrainingConfig config, DecoderConfig model) {
    double ofModel = model.experts().map(DecoderConfig.Experts::lossWeight).orElse(0.0);
    double weight = config.training().routerWeight().orElse(ofModel);
    ConfigException.require(
        weight == 0 || model.experts().isPresent(),
        Flags.ROUTER_AUX_LOSS_COEF,
        weight,
        "the model has no experts; leave it out");
    return weight;
  }

  /** Describes the settings that an adapter overrules, of those that the user has given. */
  static List<String> overruled(AdapterLayout asking, Set<String> given, AdapterLayout adapter) {
    Map<Flag<?>, Object> kept = lora(adapter);
    List<String> overruled = new ArrayList<>();
    Map<Flag<?>, Object> wanted = lora(asking);
    wanted.forEach(
        (flag, asked) -> {
          if (given.contains(flag.name()) && !asked.equals(kept.get(flag))) {
            overruled.add(
                flag == Flags.LORA_TARGET_MODULES
                    ? "%s are others".formatted(flag)
                    : "%s is %s and not %s".formatted(flag, kept.get(flag), asked));
          }
        });
    return overruled;
  }

  /** The LoRA settings of a layout, which may be those of an adapter to continue, by flag. */
  private static Map<Flag<?>, Object> lora(AdapterLayout layout) {
    LoraConfig lora = layout.config();
    Map<Flag<?>, Object> values = new LinkedHashMap<>();
    values.put(Flags.LORA_R, lora.rank());
    values.put(Flags.LORA_RANK_PATTERN, lora.patterns().ranks());
    values.put(Flags.LORA_RANK_PER_EXPERT, lora.expertRank());
    values.put(Flags.LORA_ALPHA, lora.alpha());
    values.put(Flags.LORA_ALPHA_PATTERN, lora.patterns().alphas());
    values.put(Flags.LORA_DROPOUT, lora.dropout());
    values.put(Flags.USE_RSLORA, lora.rslora());
    values.put(Flags.LORA_TARGET_MODULES, Set.copyOf(layout.modules()));
    return values;
  }

  private static String modules(AdapterLayout layout) {
    TreeSet<String> kinds = new TreeSet<>();
    layout.modules().forEach(module -> kinds.add(module.substring(module.lastIndexOf('.') + 1)));
    return "%s (%s layers)".formatted(String.join(" ", kinds), layout.modules().size());
  }

  /**
   * The fingerprint that a run and a checkpoint to resume from must share: the flags that {@code
   * flags.tsv} marks, some of them replaced by values found in the run.
   *
   * @param found values that replace the user's, by flag
   */
  public RunFingerprint identity(TrainingConfig config, Map<Flag<?>, String> found)
      throws IOException {
    Map<Flag<?>, String> all = new LinkedHashMap<>(found);
    all.put(
        Flags.MODEL_NAME_OR_PATH,
        "a model with fingerprint " + ModelFingerprint.of(model.checkpoint().folder()));
    all.put(Flags.USE_PEFT, Boolean.toString(model.layout() instanceof AdapterLayout));
    if (model.layout() instanceof AdapterLayout layout) {
      lora(layout).forEach((flag, value) -> all.put(flag, String.valueOf(value)));
      all.remove(Flags.LORA_RANK_PATTERN); // the flag counts: older checkpoints name no pattern
      all.replace(Flags.LORA_ALPHA_PATTERN, "{}", "unset");
      all.put(Flags.LORA_TARGET_MODULES, modules(layout));
    }
    all.put(Flags.ROUTER_AUX_LOSS_COEF, Double.toString(model.routerWeight()));
    all.put(Flags.WARMUP_STEPS, Double.toString(config.schedule().warmup()));
    return config.training().declared().with(all);
  }

  /** The model that would be trained; reads no weights, so files may end after their headers. */
  public static TrainedModel outlined(
      ModelConfig base,
      Optional<LoraConfig> requestedLora,
      ModelSource checkpoint,
      Optional<ModelSource> adapter)
      throws IOException {
    DecoderConfig model = decoder(base, checkpoint);
    Optional<LoraConfig> lora = requestedLora;
    if (lora.isPresent() && adapter.isPresent()) {
      AdapterFile file = AdapterFile.open(adapter.get().folder(), model).trainable();
      lora = Optional.of(file.layout().config());
    }
    return trained(base, checkpoint, model, lora, SEEDLESS);
  }

  private static DecoderConfig decoder(ModelConfig base, ModelSource checkpoint)
      throws IOException {
    Path configJson = checkpoint.folder().resolve("config.json");
    ConfigException.require(
        Files.isRegularFile(configJson),
        Flags.MODEL_NAME_OR_PATH,
        base.name(),
        "it must be a folder with config.json, model.safetensors and tokenizer.json, or a"
            + " repository of the hub with them, written namespace/name");
    return DecoderConfig.read(configJson);
  }

  private static TrainedModel trained(
      ModelConfig base,
      ModelSource checkpoint,
      DecoderConfig model,
      Optional<LoraConfig> lora,
      long seed) {
    Precision precision = base.precision(model);
    if (lora.isPresent()) {
      return TrainedModel.adapter(
              checkpoint, lora.get(), precision, base.gradientCheckpointing(), seed)
          .computedBy(base.engine());
    }
    ConfigException.require(
        precision.quantization() == Quantization.NONE,
        Flags.LOAD_IN_4BIT,
        true,
        "weights that are trained are kept in float32, since 4 bits lose small updates; train an adapter"
            + " with --use_peft, or leave load_in_4bit out");
    ConfigException.require(
        precision.weights() == DType.FLOAT32,
        Flags.DTYPE,
        base.numbers().weights().name().toLowerCase(Locale.ROOT),
        "weights that are trained are kept in float32, since most updates are too small for"
            + " bfloat16; leave dtype out, or train an adapter with --use_peft");
    return TrainedModel.allWeights(checkpoint, precision, base.gradientCheckpointing())
        .computedBy(base.engine());
  }

  /** A network with these parameters, for evaluation by a run's settings: it takes no steps. */
  public TrainedNetwork network(TrainingConfig config) throws IOException {
    TrainedNetwork network = TrainedNetwork.create(model, config.optimizer(), config.schedule(), 1);
    try {
      write(network.vectors().parameters());
      return network;
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /** A vector of these parameters, which the caller closes; a new adapter equals the base model. */
  public FlatVector vector() throws IOException {
    FlatVector vector = new FlatVector(model.layout().size());
    try {
      write(vector.pointer());
      return vector;
    } catch (IOException | RuntimeException e) {
      vector.close();
      throw e;
    }
  }

  /** Writes these parameters into floats of the model's layout. */
  void write(Pointer floats) throws IOException {
    Engine engine = Engines.host();
    Tensor parameters = engine.alias(floats, model.layout().size()).tensor();
    if (adapter.isPresent()) {
      adapter.get().load(engine, parameters);
    } else if (model.layout() instanceof AdapterLayout layout) {
      layout.initialize(parameters, seed);
    } else if (model.layout() instanceof WeightLayout layout) {
      try (CheckpointFolder checkpoint = CheckpointFolder.open(model.checkpoint().folder())) {
        layout.load(checkpoint, engine, parameters);
      }
    }
  }
}
