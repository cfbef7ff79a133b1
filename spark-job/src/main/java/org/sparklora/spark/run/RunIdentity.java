package org.sparklora.spark.run;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.resume.ModelFingerprint;
import org.sparklora.train.resume.RunFingerprint;

/**
 * Computes the fingerprint that a run and a checkpoint to resume from must share: the flags that
 * {@code flags.tsv} marks, some of them replaced by values found in the run.
 */
public final class RunIdentity {
  private RunIdentity() {}

  /** The fingerprint of a run, whose {@code found} values replace the user's, by flag. */
  public static RunFingerprint of(
      TrainingConfig config, TrainedModel model, Map<Flag<?>, String> found) throws IOException {
    Map<Flag<?>, String> all = new LinkedHashMap<>(found);
    all.put(
        Flags.MODEL_NAME_OR_PATH,
        "a model with fingerprint " + ModelFingerprint.of(model.checkpoint().folder()));
    all.put(Flags.USE_PEFT, Boolean.toString(model.layout() instanceof AdapterLayout));
    if (model.layout() instanceof AdapterLayout adapter) {
      addLora(all, adapter);
    }
    all.put(Flags.ROUTER_AUX_LOSS_COEF, Double.toString(model.routerWeight()));
    all.put(Flags.WARMUP_STEPS, Double.toString(config.schedule().warmup()));
    return config.training().declared().with(all);
  }

  /** Adds the LoRA settings of the layout, which may be those of an adapter to continue. */
  private static void addLora(Map<Flag<?>, String> found, AdapterLayout layout) {
    LoraConfig lora = layout.config();
    TreeSet<String> kinds = new TreeSet<>();
    layout.modules().forEach(module -> kinds.add(module.substring(module.lastIndexOf('.') + 1)));
    found.put(Flags.LORA_R, Integer.toString(lora.rank()));
    found.put(Flags.LORA_RANK_PER_EXPERT, Integer.toString(lora.expertRank()));
    found.put(Flags.LORA_ALPHA, Double.toString(lora.alpha()));
    found.put(Flags.LORA_DROPOUT, Double.toString(lora.dropout()));
    found.put(Flags.USE_RSLORA, Boolean.toString(lora.rslora()));
    found.put(
        Flags.LORA_TARGET_MODULES,
        "%s (%s layers)".formatted(String.join(" ", kinds), layout.modules().size()));
  }
}
