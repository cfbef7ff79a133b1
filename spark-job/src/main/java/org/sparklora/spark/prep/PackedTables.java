package org.sparklora.spark.prep;

import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepManifest;
import org.sparklora.prep.TableOrigin;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.table.SourceTables;

/** Finds or makes the packed table of a dataset. */
public final class PackedTables {
  private PackedTables() {}

  private static final Logger LOG = LoggerFactory.getLogger(PackedTables.class);

  /**
   * The settings of a run, with those that the table has decided where its dataset is one already.
   *
   * @throws ConfigException if one of those is given, and another than the table's
   * @throws TableException if the table lacks a part
   */
  public static Settings decided(Configuration hadoop, Settings settings) {
    if (settings.find(Flags.DATASET_NAME).isEmpty()) {
      return settings;
    }
    PrepConfig config = PrepSettings.of(settings, "");
    FileList.requireWhole(hadoop, config.source().dataset(), "prep");
    return TableOrigin.ofPacked(hadoop, config.source().dataset())
        .map(origin -> origin.decided(settings, config.settings(), Map.of()))
        .orElse(settings);
  }

  /**
   * The dataset itself if {@code prep} made it; else the table of an earlier run with the same
   * settings; else a new one.
   *
   * @throws ConfigException if the dataset is a table of another tokenizer's ids, or the folder for
   *     a new one holds what may not be replaced
   */
  public static PackedSequenceTable open(SparkSession spark, PrepConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String dataset = config.source().dataset();
    if (isTable(hadoop, dataset)) {
      ResultTables.requireNoQuery(config.source());
      TableOrigin.ofPacked(hadoop, dataset)
          .orElseThrow(() -> ResultTables.unknown(dataset, PrepManifest.FILE_NAME))
          .requireTokenizer(hadoop, Flags.DATASET_NAME, config.model());
      return PackedSequenceTable.open(hadoop, dataset);
    }
    String folder = config.outputFolder();
    ResultTables.requireOnlyTables(hadoop, Flags.PACKED_DIR, folder, isTable(hadoop, folder));
    LOG.info("{}: {}", folder, PackSftJob.reuseOrRun(spark, config, Flags.PACKED_DIR).summary());
    return PackedSequenceTable.open(hadoop, folder);
  }

  /**
   * The table that {@link #open} has made or found before, in another process.
   *
   * @throws TableException if it is not there
   */
  public static PackedSequenceTable made(Configuration hadoop, PrepConfig config) {
    String dataset = config.source().dataset();
    if (isTable(hadoop, dataset)) {
      return PackedSequenceTable.open(hadoop, dataset);
    }
    if (PrepManifest.find(hadoop, config).isEmpty()) {
      throw ResultTables.missing(config.outputFolder(), dataset);
    }
    return PackedSequenceTable.open(hadoop, config.outputFolder());
  }

  /**
   * Looks for the dataset, before the output folder is taken.
   *
   * @throws ConfigException if it is not there
   */
  public static void requireDataset(SparkSession spark, PrepConfig config) {
    requireDataset(spark, config.source(), isTable(hadoop(spark), config.source().dataset()));
  }

  /** The same without a session, which tables of catalogues are first looked at with. */
  public static void requireFiles(Configuration hadoop, PrepConfig config) {
    requireFiles(hadoop, config.source(), isTable(hadoop, config.source().dataset()));
  }

  /** As above, of any source; {@code prepared} says whether {@code prep} made it. */
  static void requireDataset(SparkSession spark, PrepConfig.Source source, boolean prepared) {
    if (!prepared && source.readsTable(hadoop(spark))) {
      SourceTables.open(spark, source.dataset(), source.query());
    } else {
      requireFiles(hadoop(spark), source, prepared);
    }
  }

  static void requireFiles(Configuration hadoop, PrepConfig.Source source, boolean prepared) {
    if (prepared) {
      ResultTables.requireNoQuery(source);
    } else if (!source.readsTable(hadoop)) {
      files(hadoop, source);
    }
  }

  private static Configuration hadoop(SparkSession spark) {
    return spark.sparkContext().hadoopConfiguration();
  }

  /**
   * Looks, before the split to train on is prepared, whether there is one to evaluate on.
   *
   * @throws ConfigException if the dataset has no files for that split alone
   */
  public static void requireTestSplit(
      Configuration hadoop, PrepConfig testing, PrepConfig training) {
    requireSplitApart(
        hadoop, testing.source(), training.source(), isTable(hadoop, testing.source().dataset()));
  }

  /**
   * Throws {@link ConfigException} unless the split to evaluate on has files, or rows of a table,
   * of its own.
   *
   * @param prepared whether {@code prep} made the dataset, so that it has no splits
   */
  static void requireSplitApart(
      Configuration hadoop,
      PrepConfig.Source testing,
      PrepConfig.Source training,
      boolean prepared) {
    if (!prepared && training.readsTable(hadoop)) {
      ConfigException.require(
          !testing.query().split().predicate().isEmpty()
              || !testing.dataset().equals(training.dataset()),
          Flags.DATASET_TEST_SPLIT,
          testing.split(),
          "%s is read as a table, which has no splits; say which of its rows are evaluated on and not trained on, such as --dataset_test_split \"pmod(hash(id), 20) = 0\", name another table there, or leave --eval_strategy out"
              .formatted(training.dataset()));
      return;
    }
    ConfigException.require(
        !prepared && isSplitApart(hadoop, testing, training),
        Flags.DATASET_TEST_SPLIT,
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

  static List<DatasetFile> files(Configuration hadoop, PrepConfig.Source source) {
    return new DatasetFiles(hadoop).find(source.dataset(), source.config(), source.split());
  }

  private static boolean isTable(Configuration hadoop, String folder) {
    return ResultTables.isThere(hadoop, folder, PrepManifest.FILE_NAME);
  }
}
