package org.sparklora.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.train.resume.ModelFingerprint;

/**
 * Names a trial: the beginning of a SHA-256 over its command and all effective settings in
 * canonical spelling, with fingerprints of model and data instead of their names. Folders, trackers
 * and the settings of checkpoints are left out.
 */
public final class TrialName {
  private static final int DIGITS = 12;

  private static final Set<String> NO_PART =
      Set.of(
          Flags.OUTPUT_DIR.name(),
          Flags.PACKED_DIR.name(),
          Flags.PROMPTS_DIR.name(),
          Flags.STAGING_DIR.name(),
          Flags.DISABLE_TQDM.name(),
          Flags.REPORT_TO.name(),
          Flags.SAVE_STRATEGY.name(),
          Flags.SAVE_STEPS.name(),
          Flags.SAVE_TOTAL_LIMIT.name(),
          Flags.SAVE_ONLY_MODEL.name());

  private TrialName() {}

  /**
   * The fingerprints of a trial's adapter and teacher, by the flags that name them.
   *
   * @param settings name folders that exist
   */
  public static Map<String, String> fingerprints(Configuration hadoop, Settings settings)
      throws IOException {
    Map<String, String> found = new TreeMap<>();
    for (Flag<String> flag :
        List.of(Flags.ADAPTER, Flags.ADAPTER_NAME_OR_PATH, Flags.TEACHER_MODEL_NAME_OR_PATH)) {
      if (settings.isGiven(flag)) {
        Path folder = ModelReference.required(settings, flag).folder(hadoop);
        found.put(
            flag.name(),
            flag == Flags.TEACHER_MODEL_NAME_OR_PATH
                ? ModelFingerprint.of(folder)
                : ModelFingerprint.ofAdapter(folder));
      }
    }
    return found;
  }

  /** The name of a trial, with fingerprints in place of the values of some flags. */
  public static String of(Settings settings, Map<String, String> found) {
    Map<String, String> decisive = new TreeMap<>(settings.effective());
    decisive.keySet().removeAll(NO_PART);
    decisive.putAll(found);
    StringBuilder text = new StringBuilder(settings.command()).append('\n');
    decisive.forEach((flag, value) -> text.append(flag).append('=').append(value).append('\n'));
    return hash(text.toString());
  }

  /** Refuses two trials with one name, which would share a folder. */
  public static void requireDistinct(List<Trial> named) {
    Map<String, Trial> byName = new HashMap<>();
    for (Trial trial : named) {
      Trial other = byName.put(trial.name(), trial);
      if (other != null) {
        throw new ConfigException(
            "axes",
            trial.shown(),
            "another trial is the same but for its checkpoints or the name of its data (%s); leave one of them out"
                .formatted(other.shown()));
      }
    }
  }

  /** Twelve hexadecimal digits of a text's SHA-256. */
  public static String hash(String text) {
    return Sha256.hex(text).substring(0, DIGITS);
  }
}
