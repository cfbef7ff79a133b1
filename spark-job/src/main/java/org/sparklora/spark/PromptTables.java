package org.sparklora.spark;

import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.PreparePromptsJob;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.PromptsManifest;

/** Finds or makes the prompts table of a dataset. */
public final class PromptTables {
  private PromptTables() {}

  /**
   * The dataset itself if {@code prep --task grpo} made it; else the table of an earlier run with
   * the same settings; else a new one.
   *
   * @throws ConfigException if the table was made for another tokenizer, or with other settings
   *     than are given
   */
  public static PromptTable open(SparkSession spark, PromptsConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String dataset = config.source().dataset();
    Optional<PromptsManifest> given = PromptsManifest.find(hadoop, dataset);
    if (given.isPresent()) {
      requireSameModel(hadoop, given.get(), config);
      return PromptTable.open(hadoop, dataset);
    }
    // what lies there is a table made from other settings: nothing of the user's is lost with it
    String folder = config.outputFolder();
    boolean replace = config.overwrite() || PromptsManifest.find(hadoop, folder).isPresent();
    PreparePromptsJob.reuseOrRun(spark, config.into(folder, replace));
    return PromptTable.open(hadoop, folder);
  }

  /**
   * Looks, before the split to train on is prepared, whether there is one to evaluate on.
   *
   * @throws ConfigException if the dataset has no files for that split alone
   */
  public static void requireTestSplit(
      Configuration hadoop, PromptsConfig testing, PromptsConfig training) {
    PackedTables.requireSplitApart(
        hadoop,
        testing.source(),
        training.source(),
        PromptsManifest.find(hadoop, testing.source().dataset()).isPresent());
  }

  private static void requireSameModel(
      Configuration hadoop, PromptsManifest manifest, PromptsConfig config) {
    ModelSource model = config.model().reference().locate(hadoop, ModelSource.Part.TEXT);
    ConfigException.require(
        Tokenizer.load(model.folder()).fingerprint().equals(manifest.inputs().tokenizerSha256()),
        "dataset_name",
        config.source().dataset(),
        "its prompts are tokens of another tokenizer than that of %s; run prep --task grpo for this model"
            .formatted(model.name()));
    requireSame(manifest, "system_prompt", config.systemPrompt(), "");
    requireSame(manifest, "max_prompt_length", config.maxPromptLength(), PromptsConfig.UNLIMITED);
  }

  /** A setting that is given must be the one with which the table was made. */
  private static void requireSame(
      PromptsManifest manifest, String name, Object given, Object unset) {
    Object made = manifest.inputs().settings().get(name);
    ConfigException.require(
        given.equals(unset) || given.equals(made),
        name,
        given,
        "the prompts were prepared with %s; leave it out, or prepare them again"
            .formatted(unset.equals(made) ? "none" : made));
  }
}
