package org.sparklora.model.lora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFile;

/**
 * An adapter as PEFT stores it: a folder with {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. {@link #open} checks both files.
 *
 * @param layout the adapter's settings, and the place of each factor in the vector
 */
public record AdapterFile(Path folder, AdapterLayout layout) {
  private static final Logger LOG = LoggerFactory.getLogger(AdapterFile.class);

  public static final String CONFIG = "adapter_config.json";

  /** The name of the file of factors. */
  public static final String WEIGHTS = "adapter_model.safetensors";

  /** The file of factors of older PEFT versions: pickled Python objects, not supported. */
  private static final String PICKLED = "adapter_model.bin";

  /** The key of the base's fingerprint in the metadata of the factors, which PEFT ignores. */
  private static final String FINGERPRINT = "base_model_fingerprint";

  /**
   * Reads the settings and checks names and shapes of the factors, whose values are not read.
   *
   * @throws CheckpointException if a file is missing or damaged, the adapter is of a kind that
   *     cannot be applied, or belongs to another model
   */
  public static AdapterFile open(Path folder, DecoderConfig model) throws IOException {
    AdapterFile adapter = new AdapterFile(folder, layout(folder, model));
    try (SafeTensors file = SafeTensors.open(folder.resolve(WEIGHTS))) {
      adapter.check(file.tensors());
    }
    return adapter;
  }

  /**
   * Opens an adapter and checks that it was trained on an open model: compares fingerprints if the
   * adapter records one, else names; logs a warning if the names differ.
   *
   * @param name the user's name of the model
   * @throws CheckpointException also if it was trained on other weights, or has another head
   */
  public static AdapterFile open(Path folder, String name, CheckpointFolder base)
      throws IOException {
    AdapterFile adapter = open(folder, base.config());
    AdapterBase opened = new AdapterBase(name, base.fingerprint());
    String head = AdapterLayout.nameOfBase(WeightNames.HEAD_MODULE);
    try (SafeTensors file = SafeTensors.open(folder.resolve(WEIGHTS))) {
      String fingerprint = file.metadata().getOrDefault(FINGERPRINT, "");
      String trainedOn = AdapterConfigJson.baseModel(folder.resolve(CONFIG));
      opened.mismatch(new AdapterBase(trainedOn, fingerprint), folder).ifPresent(LOG::warn);
      if (file.find(head).isPresent() && !base.isHead(file, head)) {
        adapter.refuseWeight(head);
      }
    }
    return adapter;
  }

  private static AdapterLayout layout(Path folder, DecoderConfig model) throws IOException {
    if (!Files.exists(folder.resolve(WEIGHTS)) && Files.exists(folder.resolve(PICKLED))) {
      throw new CheckpointException(
          "Cannot use the adapter %s: it has %s and no %s; load it with PEFT and save it again, which writes safetensors",
          folder, PICKLED, WEIGHTS);
    }
    Path config = folder.resolve(CONFIG);
    try {
      return AdapterLayout.of(AdapterConfigJson.read(config), model);
    } catch (CheckpointException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(e, "Cannot use the adapter %s: %s", config, e.getMessage());
    }
  }

  /** Refuses a file of factors, given as tensors by name, that does not fit the layout. */
  private void check(Map<String, TensorInfo> file) {
    List<String> names = layout.entries().stream().map(ParameterLayout.Entry::name).toList();
    TreeSet<String> missing = new TreeSet<>(names);
    missing.removeAll(file.keySet());
    TreeSet<String> extra = new TreeSet<>(file.keySet());
    names.forEach(extra::remove);
    // PEFT saves an adapted head together with the matrix it adapts
    boolean copyOfHead =
        layout.factors(WeightNames.HEAD_MODULE).isPresent()
            && extra.remove(AdapterLayout.nameOfBase(WeightNames.HEAD_MODULE));
    extra.stream().filter(AdapterLayout::isWeightOfBase).findFirst().ifPresent(this::refuseWeight);
    if (!missing.isEmpty() || !extra.isEmpty()) {
      throw new CheckpointException(
          "Cannot use the adapter %s with this model: %s; give the model it was trained on, or mend target_modules, exclude_modules, layers_to_transform or layers_pattern of its %s",
          folder, describe(missing, extra), CONFIG);
    }
    for (ParameterLayout.Entry entry : layout.entries()) {
      TensorInfo info = file.get(entry.name());
      if (!Arrays.equals(info.shape(), entry.shape())) {
        throw new CheckpointException(
            "Cannot use the adapter %s with this model: %s has shape %s, the model and %s of %s ask for %s; give the model it was trained on",
            folder,
            entry.name(),
            Arrays.toString(info.shape()),
            layout.config().patterns().ranks().isEmpty()
                ? "r = " + layout.config().rank()
                : "r or rank_pattern",
            CONFIG,
            Arrays.toString(entry.shape()));
      }
    }
    if (copyOfHead) {
      LOG.info("{} holds a copy of the head, which PEFT adds if it is targeted; ignored", folder);
    }
  }

  /** Refuses a weight with which PEFT would replace the model's own. */
  private void refuseWeight(String name) {
    throw new CheckpointException(
        "Cannot use the adapter %s: it holds whole weights of a model besides its factors, as %s; load it with PEFT and save it with save_embedding_layers=False where they are the base model's, else %s",
        folder, name, AdapterConfigJson.MERGE);
  }

  private static String describe(TreeSet<String> missing, TreeSet<String> extra) {
    List<String> parts = new ArrayList<>();
    if (!missing.isEmpty()) {
      parts.add("it lacks %s factors, as %s".formatted(missing.size(), missing.first()));
    }
    if (!extra.isEmpty()) {
      parts.add(
          "there is no place for %s of its tensors, as %s".formatted(extra.size(), extra.first()));
    }
    return String.join(", and ", parts);
  }

  /**
   * This adapter, for training to go on from.
   *
   * @throws CheckpointException if PEFT would not train both factors
   */
  public AdapterFile trainable() throws IOException {
    AdapterConfigJson.requireTrainable(folder.resolve(CONFIG));
    return this;
  }

  /** Overwrites a vector of {@link #layout()} with the stored factors, widened to float32. */
  public void load(Engine engine, Tensor parameters) throws IOException {
    try (SafeTensors file = SafeTensors.open(folder.resolve(WEIGHTS))) {
      for (ParameterLayout.Entry entry : layout.entries()) {
        try (Tensor stored =
            file.requireFinite(entry.name(), file.map(entry.name(), engine), engine)) {
          engine.copy(stored, entry.in(parameters));
        }
      }
    }
  }

  /**
   * Writes an adapter that PEFT loads, of a vector of the layout that was trained on {@code base};
   * creates the folder. Each file appears whole or not at all.
   */
  public static void write(Path folder, AdapterLayout layout, Tensor parameters, AdapterBase base)
      throws IOException {
    Files.createDirectories(folder);
    Map<String, String> about =
        base.fingerprint().isEmpty() ? Map.of() : Map.of(FINGERPRINT, base.fingerprint());
    SafeTensorsWriter.write(folder.resolve(WEIGHTS), layout.tensors(parameters), about);
    JsonFile.write(folder.resolve(CONFIG), AdapterConfigJson.of(layout, base.name()));
  }
}
