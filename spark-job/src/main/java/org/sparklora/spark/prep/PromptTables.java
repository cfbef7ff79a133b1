package org.sparklora.spark.prep;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PreparePromptsJob;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.PromptsManifest;
import org.sparklora.prep.TableOrigin;

/** Finds or makes the prompts table of a dataset. */
public final class PromptTables {
  private static final Logger LOG = LoggerFactory.getLogger(PromptTables.class);

  private PromptTables() {}

  /**
   * The settings of a run, with those that the table has decided where its dataset is one already.
   *
   * @param splitFlag of the split whose prompts are wanted
   * @throws ConfigException if one of those is given, and another than the table's
   */
  public static Settings decided(Configuration hadoop, Settings settings, Flag<String> splitFlag) {
    PromptsConfig config = PromptSettings.of(settings, splitFlag, "");
    FileList.requireWhole(hadoop, config.source().dataset(), "prep --task grpo");
    return TableOrigin.ofPrompts(hadoop, config.source().dataset())
        .map(
            origin ->
                origin.decided(
                    settings, config.settings(), Map.of(Flags.DATASET_TRAIN_SPLIT, splitFlag)))
        .orElse(settings);
  }

  /**
   * The dataset itself if {@code prep --task grpo} made it; else the table of an earlier run with
   * the same settings; else a new one.
   *
   * @throws ConfigException if the dataset is a table of another tokenizer's ids, or the folder for
   *     a new one holds what may not be replaced
   */
  public static PromptTable open(SparkSession spark, PromptsConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String dataset = config.source().dataset();
    if (isTable(hadoop, dataset)) {
      ResultTables.requireNoQuery(config.source());
      TableOrigin.ofPrompts(hadoop, dataset)
          .orElseThrow(() -> ResultTables.unknown(dataset, PromptsManifest.FILE_NAME))
          .requireTokenizer(hadoop, Flags.DATASET_NAME, config.model());
      return PromptTable.open(hadoop, dataset);
    }
    String folder = config.outputFolder();
    ResultTables.requireOnlyTables(hadoop, Flags.PROMPTS_DIR, folder, isTable(hadoop, folder));
    LOG.info(
        "{}: {}", folder, PreparePromptsJob.reuseOrRun(spark, config, Flags.PROMPTS_DIR).summary());
    return PromptTable.open(hadoop, folder);
  }

  /**
   * The table that {@link #open} has made or found before, in another process.
   *
   * @throws TableException if it is not there
   */
  public static PromptTable made(Configuration hadoop, PromptsConfig config) {
    String dataset = config.source().dataset();
    if (isTable(hadoop, dataset)) {
      return PromptTable.open(hadoop, dataset);
    }
    if (!isTable(hadoop, config.outputFolder())) {
      throw ResultTables.missing(config.outputFolder(), dataset);
    }
    return PromptTable.open(hadoop, config.outputFolder());
  }

  /**
   * Looks for the dataset, before the output folder is taken.
   *
   * @throws ConfigException if it is not there
   */
  public static void requireDataset(SparkSession spark, PromptsConfig config) {
    boolean prepared =
        isTable(spark.sparkContext().hadoopConfiguration(), config.source().dataset());
    PackedTables.requireDataset(spark, config.source(), prepared);
  }

  /** The same without a session, which tables of catalogues are first looked at with. */
  public static void requireFiles(Configuration hadoop, PromptsConfig config) {
    PackedTables.requireFiles(hadoop, config.source(), isTable(hadoop, config.source().dataset()));
  }

  /**
   * Looks, before the split to train on is prepared, whether there is one to evaluate on.
   *
   * @throws ConfigException if the dataset has no files for that split alone
   */
  public static void requireTestSplit(
      Configuration hadoop, PromptsConfig testing, PromptsConfig training) {
    PackedTables.requireSplitApart(
        hadoop, testing.source(), training.source(), isTable(hadoop, testing.source().dataset()));
  }

  private static boolean isTable(Configuration hadoop, String folder) {
    return ResultTables.isThere(hadoop, folder, PromptsManifest.FILE_NAME);
  }
}
