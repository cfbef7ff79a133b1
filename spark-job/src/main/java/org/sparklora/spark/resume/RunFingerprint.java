package org.sparklora.spark.resume;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * What a run is made of, by the user's names: a checkpoint keeps it, and a run that goes on from
 * the checkpoint must be the same.
 *
 * @param fixed settings and contents without which a step would not be that of the same run: model,
 *     adapter, data, batches, workers, seeds
 * @param changeable what may be changed on the way, as with transformers: learning rate, schedule,
 *     length, intervals
 */
public record RunFingerprint(Map<String, String> fixed, Map<String, String> changeable) {
  private static final String MODEL = Flags.MODEL_NAME_OR_PATH.name();
  private static final String NOTHING = "nothing";

  /** Sorted: tables of rounds hold it as a text, which another process compares. */
  public RunFingerprint {
    fixed = Collections.unmodifiableMap(new TreeMap<>(fixed));
    changeable = Collections.unmodifiableMap(new TreeMap<>(changeable));
  }

  /** The same, of a run in which flags stand for something else than what the user wrote. */
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
   * Checks that a run with this fingerprint may go on from a checkpoint.
   *
   * @param checkpoint of the checkpoint
   * @param place where the checkpoint lies
   * @return a line for each setting that may be changed and was
   * @throws ConfigException naming the first setting that must not differ and does
   */
  public List<String> requireSame(RunFingerprint checkpoint, String place) {
    requireSame(MODEL, checkpoint, place); // another model explains other differences
    fixed.keySet().forEach(name -> requireSame(name, checkpoint, place));
    List<String> changes = new ArrayList<>();
    changeable.forEach(
        (name, value) -> {
          String before = checkpoint.changeable.getOrDefault(name, NOTHING);
          if (!value.equals(before)) {
            changes.add(
                "%s was %s up to here and is %s from now on".formatted(name, before, value));
          }
        });
    return changes;
  }

  private void requireSame(String name, RunFingerprint checkpoint, String place) {
    String now = fixed.getOrDefault(name, NOTHING);
    String before = checkpoint.fixed.getOrDefault(name, NOTHING);
    if (!now.equals(before)) {
      throw new ConfigException(
              name,
              now,
              "the checkpoint was made with %s; go on with that, or begin anew without --resume_from_checkpoint"
                  .formatted(before))
          .in(place);
    }
  }
}
