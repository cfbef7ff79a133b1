package org.sparklora.spark.prep;

import org.sparklora.pipeline.config.ConfigException;
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
    return of(settings, "dataset_train_split", outputFolder);
  }

  /**
   * The same for a run: a table that lies in a folder which the user named is the user's; one in
   * the run's own place is an earlier run's, and replaced where its settings are others.
   */
  public static PromptsConfig replacing(Settings settings, PromptsConfig config) {
    return config.into(
        config.outputFolder(), config.overwrite() || !settings.isGiven("prompts_dir"));
  }

  /** The split to evaluate on. */
  public static PromptsConfig ofTestSplit(Settings settings, String outputFolder) {
    return of(settings, "dataset_test_split", outputFolder);
  }

  static PromptsConfig of(Settings settings, String splitFlag, String outputFolder) {
    settings
        .optionalInteger("max_prompt_length")
        .ifPresent(
            length ->
                ConfigException.require(
                    length >= 1, "max_prompt_length", length, "a prompt has at least one token"));
    ColumnMapping usual = ColumnMapping.defaults();
    return new PromptsConfig(
        new PrepConfig.Source(
            PrepSettings.dataset(settings),
            settings.text("dataset_config").orElse(""),
            settings.requiredText(splitFlag),
            new ColumnMapping(
                usual.text(),
                usual.messages(),
                settings.requiredText("prompt_column"),
                usual.completion()),
            false,
            PrepConfig.OnBadRows.of(settings.requiredText("on_bad_rows"))),
        new PrepConfig.Model(
            ModelReference.of(settings),
            settings.text("chat_template_path").orElse(""),
            "",
            settings.oneOf("tokenizer_dialect", TokenizerDialect.class)),
        settings.text("system_prompt").orElse(""),
        settings.optionalInteger("max_prompt_length").orElse(PromptsConfig.UNLIMITED),
        outputFolder,
        settings.isOn("overwrite_output_dir"));
  }
}
