package org.sparklora.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepManifest;

/** Finds or makes the packed table of a dataset. */
final class PackedTables {
  private PackedTables() {}

  /**
   * The dataset itself if {@code prep} made it; else the table of an earlier run with the same
   * settings; else a new one.
   */
  static PackedSequenceTable open(SparkSession spark, PrepConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    if (isTable(hadoop, config.source().dataset())) {
      return PackedSequenceTable.open(hadoop, config.source().dataset());
    }
    // what lies there is a table made from other settings: nothing of the user's is lost with it
    boolean replace = config.overwrite() || isTable(hadoop, config.outputFolder());
    PackSftJob.reuseOrRun(
        spark,
        new PrepConfig(
            config.source(),
            config.model(),
            config.maxLength(),
            config.truncation(),
            config.packing(),
            config.loss(),
            config.assistantOnlyLoss(),
            config.outputFolder(),
            replace));
    return PackedSequenceTable.open(hadoop, config.outputFolder());
  }

  private static boolean isTable(Configuration hadoop, String folder) {
    Path manifest = new Path(folder, PrepManifest.FILE_NAME);
    try {
      return manifest.getFileSystem(hadoop).exists(manifest);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException e) {
      return false; // a glob is no folder
    }
  }
}
