package org.sparklora.spark.prep;

import java.util.Locale;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.format.ColumnMapping;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.text.TokenizerDialect;

/** Makes a {@link PrepConfig} of a user's settings, for {@code prep} and for {@code sft}. */
public final class PrepSettings {
  private PrepSettings() {}

  /** The split to train on. */
  public static PrepConfig of(Settings settings, String outputFolder) {
    return of(
        settings,
        settings.requiredText("dataset_train_split"),
        settings.isOn("packing"),
        outputFolder);
  }

  /** The split to evaluate on. */
  public static PrepConfig ofTestSplit(Settings settings, String outputFolder) {
    return of(
        settings,
        settings.requiredText("dataset_test_split"),
        settings.optionalSwitch("eval_packing").orElse(settings.isOn("packing")),
        outputFolder);
  }

  private static PrepConfig of(
      Settings settings, String split, boolean packing, String outputFolder) {
    return new PrepConfig(
        new PrepConfig.Source(
            dataset(settings),
            settings.text("dataset_config").orElse(""),
            split,
            new ColumnMapping(
                settings.requiredText("dataset_text_field"),
                settings.requiredText("messages_column"),
                settings.requiredText("prompt_column"),
                settings.requiredText("completion_column")),
            settings.isOn("use_system_column"),
            PrepConfig.OnBadRows.of(settings.requiredText("on_bad_rows"))),
        new PrepConfig.Model(
            ModelReference.of(settings),
            settings.text("chat_template_path").orElse(""),
            settings.text("eos_token").orElse(""),
            settings.oneOf("tokenizer_dialect", TokenizerDialect.class)),
        maxLength(settings.requiredText("max_length")),
        PrepConfig.Truncation.of(settings.requiredText("truncation_mode")),
        new PrepConfig.Packing(
            packing,
            PackingStrategy.of(settings.requiredText("packing_strategy")),
            settings.integer("packing_batch_size")),
        loss(settings),
        settings.isOn("assistant_only_loss"),
        outputFolder,
        settings.isOn("overwrite_output_dir"));
  }

  /** The dataset's name, with the revision that a flag of its own may name. */
  static String dataset(Settings settings) {
    String name = settings.requiredText("dataset_name");
    return settings.text("dataset_revision").map(revision -> name + "@" + revision).orElse(name);
  }

  /** A number of tokens; Python's {@code None} is no limit. */
  private static int maxLength(String text) {
    if (text.toLowerCase(Locale.ROOT).equals("none")) {
      return PrepConfig.UNLIMITED;
    }
    try {
      int length = Integer.parseInt(text);
      if (length >= 1) {
        return length;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw new ConfigException(
        "max_length", text, "a number of tokens is expected, at least 1, or none for no limit");
  }

  private static DatasetFormats.Loss loss(Settings settings) {
    return settings
        .optionalSwitch("completion_only_loss")
        .map(only -> only ? DatasetFormats.Loss.COMPLETION : DatasetFormats.Loss.EVERY_TOKEN)
        .orElse(DatasetFormats.Loss.AS_FORMAT_SAYS);
  }
}
