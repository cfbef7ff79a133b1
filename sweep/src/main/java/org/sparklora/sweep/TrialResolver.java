package org.sparklora.sweep;

import java.util.List;

/** Resolves the settings of trials as their commands would; implemented where trials run. */
public interface TrialResolver {
  /**
   * The trial with the settings that its command would resolve, and with the folder of its tables.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if settings conflict, or the dataset does
   *     not exist
   */
  Trial resolved(Trial trial);

  /**
   * The names of the metrics that a trial logs.
   *
   * @param trial a trial from {@link #resolved}
   */
  List<String> logged(Trial trial);
}
