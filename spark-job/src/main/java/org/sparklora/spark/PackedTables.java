package org.sparklora.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepManifest;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;

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

  /**
   * Looks, before the split to train on is prepared, whether there is one to evaluate on.
   *
   * @throws ConfigException if the dataset has no files for that split alone
   */
  static void requireTestSplit(Configuration hadoop, PrepConfig testing, PrepConfig training) {
    requireSplitApart(
        hadoop, testing.source(), training.source(), isTable(hadoop, testing.source().dataset()));
  }

  /**
   * Throws {@link ConfigException} unless the split to evaluate on has files of its own.
   *
   * @param prepared whether the dataset is a table, which has no splits
   */
  static void requireSplitApart(
      Configuration hadoop,
      PrepConfig.Source testing,
      PrepConfig.Source training,
      boolean prepared) {
    ConfigException.require(
        !prepared && isSplitApart(hadoop, testing, training),
        "dataset_test_split",
        testing.split(),
        "%s has no files for this split alone; name a folder with files of both, as train.jsonl and %s.jsonl, or another split, or leave --eval_strategy out"
            .formatted(testing.dataset(), testing.split()));
  }

  private static boolean isSplitApart(
      Configuration hadoop, PrepConfig.Source testing, PrepConfig.Source training) {
    List<DatasetFile> trained = files(hadoop, training);
    try {
      return !files(hadoop, testing).equals(trained);
    } catch (ConfigException e) {
      return false; // none is named after the split to evaluate on
    }
  }

  private static List<DatasetFile> files(Configuration hadoop, PrepConfig.Source source) {
    return new DatasetFiles(hadoop).find(source.dataset(), source.config(), source.split());
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
