package org.sparklora.spark.cli;

import java.io.IOException;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/** {@code merge}: writes a base model and its adapter as one plain checkpoint folder. */
public final class MergeCommand {
  private MergeCommand() {}

  /** Runs the command; the output folder appears when it is complete. */
  public static void run(Settings settings) throws IOException {
    Written written = new Written();
    written.say(settings.get(Flags.OUTPUT_DIR), SparkLora.merge(settings));
  }
}
