package org.sparklora.prep;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sparklora.pipeline.config.Flags;

/**
 * Settings of a prompts table.
 *
 * <p>Immutable, serialisable with Java's serialiser. An empty string or 0 stands for an unset
 * setting.
 *
 * @param source the dataset and how its rows are read; of its column names, only {@code
 *     prompt_column} is used
 * @param systemPrompt {@code system_prompt}: put before conversations that have no system turn
 * @param maxPromptLength {@code max_prompt_length}: longer prompts are left out; in tokens
 */
public record PromptsConfig(
    PrepConfig.Source source,
    PrepConfig.Model model,
    String systemPrompt,
    int maxPromptLength,
    String outputFolder,
    boolean overwrite)
    implements TableConfig {

  /** {@link #maxPromptLength} that leaves no prompt out. */
  public static final int UNLIMITED = 0;

  @Override
  public TableKind kind() {
    return TableKind.PROMPTS;
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put(Flags.TASK.name(), "grpo");
    settings.put(Flags.DATASET_NAME.name(), source.dataset());
    settings.put(Flags.DATASET_CONFIG.name(), source.config());
    settings.put(Flags.DATASET_TRAIN_SPLIT.name(), source.split());
    settings.put(Flags.PROMPT_COLUMN.name(), source.columns().prompt());
    settings.put(Flags.ON_BAD_ROWS.name(), source.onBadRows().word());
    settings.put(Flags.TOKENIZER_DIALECT.name(), model.dialect().flag());
    settings.put(Flags.SYSTEM_PROMPT.name(), systemPrompt);
    settings.put(Flags.MAX_PROMPT_LENGTH.name(), maxPromptLength);
    if (!model.templateVariables().isEmpty()) {
      settings.put(Flags.CHAT_TEMPLATE_KWARGS.name(), model.templateVariables());
    }
    settings.putAll(source.given());
    return settings;
  }
}
