package org.sparklora.spark.cli;

import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TableResult;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PrepJob;
import org.sparklora.prep.TableConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.spark.run.SparkSessions;

/** {@code spark-lora prep}. */
final class PrepCommand {
  private PrepCommand() {}

  static void run(Settings settings) {
    Optional<OutputTable> table = OutputTable.of(settings);
    TableConfig<?> config = PrepSettings.table(settings);
    PrepJob.requireInputs(HadoopSettings.configuration(), config);
    try (SparkSession spark = SparkSessions.open(settings)) {
      TableResult result = SparkLora.on(spark).prep(config, table);
      System.out.println("%s: %s".formatted(result.folder(), result.summary()));
    }
  }
}
