package org.sparklora.spark.run;

import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Checks {@code --master}: Spark 3.5 itself refuses unknown forms with a stack trace. */
final class MasterUrl {
  private static final String COUNT = "\\s*[1-9]\\d{0,5}\\s*";
  private static final Pattern KNOWN =
      Pattern.compile(
          "local(\\[(%1$s|\\*)(,%1$s)?])?|local-cluster\\[%1$s,%1$s,\\s*[1-9]\\d*\\s*]|yarn|spark://[^/,\\s]+:\\d+(,[^/,\\s]+:\\d+)*|(k8s|mesos)://.+"
              .formatted(COUNT));

  private MasterUrl() {}

  /**
   * Checks a master's URL.
   *
   * @throws ConfigException if Spark does not know its form
   */
  static void require(String master) {
    ConfigException.require(
        KNOWN.matcher(master).matches(),
        Flags.MASTER,
        master,
        "write local, local[4] or local[*], spark://HOST:PORT, yarn, or k8s://https://HOST:PORT");
  }
}
