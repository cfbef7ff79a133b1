package org.sparklora.train.resume;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * Settings and contents that identify a run, by the user's names. A checkpoint stores them, and a
 * run that resumes from the checkpoint must have the same.
 *
 * @param fixed settings and contents that must not change: model, adapter, data, batches, workers,
 *     seeds
 * @param changeable settings that may change on resume, as in transformers: learning rate,
 *     schedule, length, intervals
 */
public record RunFingerprint(Map<String, String> fixed, Map<String, String> changeable) {
  private static final String MODEL = Flags.MODEL_NAME_OR_PATH.name();
  private static final String UNSET = "unset";

  /**
   * Settings that some checkpoints do not name: older ones, and {@code grpo}'s without local steps,
   * whose result does not depend on the number of workers.
   */
  private static final Set<String> NOT_ALWAYS_KNOWN =
      Set.of(
          Flags.ADAPTER_NAME_OR_PATH.name(),
          Flags.INNER_MOMENTS.name(),
          Flags.LORA_RANK_PER_EXPERT.name(),
          Flags.NUM_WORKERS.name(),
          Flags.ROUTER_AUX_LOSS_COEF.name());

  /** Values of settings that older checkpoints do not name, where they are not unset. */
  private static final Map<String, String> BEFORE_NAMED =
      Map.of(Flags.OUTER_OPTIMIZER.name(), "average");

  /** Sorts the entries: tables of rounds store them as text, which another process compares. */
  public RunFingerprint {
    fixed = Collections.unmodifiableMap(new TreeMap<>(fixed));
    changeable = Collections.unmodifiableMap(new TreeMap<>(changeable));
  }

  /** This fingerprint with other values for some flags, such as the contents that a path names. */
  public RunFingerprint with(Map<Flag<?>, String> found) {
    Map<String, String> allFixed = new LinkedHashMap<>(fixed);
    Map<String, String> allChangeable = new LinkedHashMap<>(changeable);
    found.forEach(
        (flag, value) ->
            (changeable.containsKey(flag.name()) ? allChangeable : allFixed)
                .put(flag.name(), value));
    return new RunFingerprint(allFixed, allChangeable);
  }

  /**
   * Checks that a run with this fingerprint may resume from a checkpoint.
   *
   * @param checkpoint the checkpoint's fingerprint
   * @param place path of the checkpoint, for messages
   * @return a line for each changeable setting that differs
   * @throws ConfigException naming the first fixed setting that differs
   */
  public List<String> requireSame(RunFingerprint checkpoint, String place) {
    requireSame(MODEL, checkpoint, place); // first, as another model explains other differences
    fixed.keySet().forEach(name -> requireSame(name, checkpoint, place));
    List<String> changes = new ArrayList<>();
    changeable.forEach(
        (name, value) -> {
          String before = checkpoint.changeable.getOrDefault(name, UNSET);
          if (!value.equals(before)) {
            changes.add(
                "%s was %s up to here and is %s from now on".formatted(name, before, value));
          }
        });
    return changes;
  }

  private void requireSame(String name, RunFingerprint checkpoint, String place) {
    String now = fixed.getOrDefault(name, UNSET);
    String before = checkpoint.fixed.getOrDefault(name, BEFORE_NAMED.getOrDefault(name, UNSET));
    if (!now.equals(before) && !(before.equals(UNSET) && NOT_ALWAYS_KNOWN.contains(name))) {
      throw new ConfigException(
              name,
              now,
              "the checkpoint was made with %s; go on with that, or begin anew without --resume_from_checkpoint"
                  .formatted(before))
          .in(place);
    }
  }
}
