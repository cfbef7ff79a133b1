package org.sparklora.spark.prep;

import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.format.ColumnMapping;
import org.sparklora.text.TokenizerDialect;

/** Makes a {@link PromptsConfig} of a user's settings, for {@code prep} and for {@code grpo}. */
public final class PromptSettings {
  private PromptSettings() {}

  /** The split to train on. */
  public static PromptsConfig of(Settings settings, String outputFolder) {
    return of(settings, Flags.DATASET_TRAIN_SPLIT, outputFolder);
  }

  /**
   * The same for a run: a table that lies in a folder which the user named is the user's; one in
   * the run's own place is an earlier run's, and replaced where its settings are others.
   */
  public static PromptsConfig replacing(Settings settings, PromptsConfig config) {
    return config.into(
        config.outputFolder(), config.overwrite() || !settings.isGiven(Flags.PROMPTS_DIR));
  }

  /** The split to evaluate on. */
  public static PromptsConfig ofTestSplit(Settings settings, String outputFolder) {
    PromptsConfig config = of(settings, Flags.DATASET_TEST_SPLIT, outputFolder);
    return config.of(PrepSettings.testing(settings, config.source()));
  }

  static PromptsConfig of(Settings settings, Flag<String> splitFlag, String outputFolder) {
    ColumnMapping usual = ColumnMapping.defaults();
    return new PromptsConfig(
        new PrepConfig.Source(
            PrepSettings.dataset(settings),
            settings.find(Flags.DATASET_CONFIG).orElse(""),
            settings.get(splitFlag),
            new ColumnMapping(
                usual.text(),
                usual.messages(),
                settings.get(Flags.PROMPT_COLUMN),
                usual.completion()),
            false,
            settings.get(Flags.ON_BAD_ROWS, PrepConfig.OnBadRows.class),
            PrepSettings.query(settings)),
        new PrepConfig.Model(
            ModelReference.of(settings),
            settings.find(Flags.CHAT_TEMPLATE_PATH).orElse(""),
            "",
            settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class)),
        settings.find(Flags.SYSTEM_PROMPT).orElse(""),
        settings.find(Flags.MAX_PROMPT_LENGTH).orElse(PromptsConfig.UNLIMITED),
        outputFolder,
        settings.get(Flags.OVERWRITE_OUTPUT_DIR));
  }
}
