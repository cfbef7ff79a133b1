package org.sparklora.prep;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.EndTokens;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.format.DatasetFormats.ColumnMapping;
import org.sparklora.prep.format.TokenizedDocument;
import org.sparklora.prep.pack.Packer;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.source.LowerCase;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.text.json.JsonFile;

/**
 * Settings of a packed table: TRL's settings of dataset preparation under TRL's names, and our own.
 *
 * <p>Immutable, serialisable with Java's serialiser. An empty string or 0 stands for an unset
 * setting.
 *
 * @param maxLength {@code max_length}: tokens a row, or {@link #UNLIMITED}
 * @param truncation {@code truncation_mode}, for documents that are not packed
 * @param loss {@code completion_only_loss}
 */
public record PrepConfig(
    Source source,
    Model model,
    int maxLength,
    Truncation truncation,
    Packing packing,
    DatasetFormats.Loss loss,
    boolean assistantOnlyLoss,
    String outputFolder,
    boolean overwrite)
    implements TableConfig {

  /** {@link #maxLength} that truncates nothing; only without packing. */
  public static final int UNLIMITED = 0;

  public PrepConfig {
    ConfigException.require(
        !packing.enabled() || maxLength != UNLIMITED,
        Flags.MAX_LENGTH,
        "none",
        "packing needs a row length; 1024 is the default");
  }

  public Packer packer() {
    return packing.enabled() ? packing.strategy().packer(maxLength) : new Packer.OneDocumentARow();
  }

  /** The document, cut to the length of a row unless packing divides it among rows. */
  TokenizedDocument cut(TokenizedDocument document) {
    boolean divides = packing.enabled() && packing.strategy() != PackingStrategy.BFD;
    boolean keepEnd = !packing.enabled() && truncation == Truncation.KEEP_END;
    return divides || maxLength == UNLIMITED ? document : document.cut(maxLength, keepEnd);
  }

  @Override
  public TableKind kind() {
    return TableKind.PACKED;
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>(source.settings());
    settings.put(Flags.EOS_TOKEN.name(), model.eosToken());
    settings.put(Flags.TOKENIZER_DIALECT.name(), model.dialect().flag());
    settings.put(Flags.MAX_LENGTH.name(), maxLength);
    settings.put(Flags.TRUNCATION_MODE.name(), truncation.word());
    settings.put(Flags.PACKING.name(), packing.enabled());
    settings.put(Flags.PACKING_STRATEGY.name(), packing.strategy().word());
    settings.put(Flags.PACKING_BATCH_SIZE.name(), packing.batchSize());
    settings.put(Flags.COMPLETION_ONLY_LOSS.name(), loss.word());
    settings.put(Flags.ASSISTANT_ONLY_LOSS.name(), assistantOnlyLoss);
    if (packing.withinSource()) {
      settings.put(Flags.PACK_WITHIN_SOURCE.name(), true);
    }
    settings.putAll(source.given());
    return settings;
  }

  /**
   * The dataset and how its rows are read.
   *
   * @param dataset {@code dataset_name}: a file, a folder or a glob, or a table; or {@code
   *     datasets}: the file of {@code mixture}
   * @param config {@code dataset_config}: a subfolder, or the empty string
   * @param useSystemColumn {@code use_system_column}: whether a {@code system} column becomes the
   *     system message
   */
  public record Source(
      String dataset,
      String config,
      String split,
      ColumnMapping columns,
      boolean useSystemColumn,
      OnBadRows onBadRows,
      TableQuery query,
      Mixture mixture)
      implements Serializable {

    /** The train split, TRL's column names, no bad row allowed. */
    public static Source of(String dataset) {
      return of(dataset, "", "train");
    }

    /** A split, TRL's column names, no bad row allowed. */
    public static Source of(String dataset, String config, String split) {
      ColumnMapping usual = ColumnMapping.USUAL;
      return new Source(
          dataset, config, split, usual, false, OnBadRows.FAIL, TableQuery.NONE, Mixture.NONE);
    }

    /** How rows are found and read, under the user's names, without {@code query}. */
    public Map<String, Object> settings() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put(Flags.DATASET_NAME.name(), dataset);
      settings.put(Flags.DATASET_CONFIG.name(), config);
      settings.put(Flags.DATASET_TRAIN_SPLIT.name(), split);
      settings.put(Flags.DATASET_TEXT_FIELD.name(), columns.text());
      settings.put(Flags.MESSAGES_COLUMN.name(), columns.messages());
      settings.put(Flags.PROMPT_COLUMN.name(), columns.prompt());
      settings.put(Flags.COMPLETION_COLUMN.name(), columns.completion());
      settings.put(Flags.USE_SYSTEM_COLUMN.name(), useSystemColumn);
      settings.put(Flags.ON_BAD_ROWS.name(), onBadRows.word());
      return settings;
    }

    /** The settings that only a table or a mixture has, under the user's names. */
    public Map<String, Object> given() {
      Map<String, Object> given = new LinkedHashMap<>(query.given());
      if (!mixture.isNone()) {
        given.put(Flags.DATASETS.name(), mixture.settings());
      }
      return given;
    }

    /** Whether Spark SQL reads the dataset, and not our own readers of files. */
    public boolean readsTable(Configuration hadoop) {
      return query.readsTable(hadoop, dataset);
    }

    /**
     * Calls {@code of} for each dataset of a mixture, or for this dataset.
     *
     * @throws ConfigException of {@code of}, with the place of the dataset in the mixture
     */
    public <T> List<T> each(Function<Source, T> of) {
      return eachPart((part, number) -> of.apply(part.source()));
    }

    /**
     * Calls {@code of} as {@link #each} does, with the part that the mixture takes of a dataset and
     * the dataset's number.
     */
    public <T> List<T> eachPart(BiFunction<Mixture.Part, Integer, T> of) {
      if (mixture.isNone()) {
        return List.of(of.apply(new Mixture.Part(this), 0));
      }
      List<T> results = new ArrayList<>();
      for (Mixture.Part part : mixture.parts()) {
        try {
          results.add(of.apply(part, results.size()));
        } catch (ConfigException e) {
          throw e.in("%s[%s] of %s".formatted(Flags.DATASETS, results.size(), dataset));
        }
      }
      return results;
    }
  }

  /**
   * The tokenizer and the chat template.
   *
   * @param chatTemplatePath {@code chat_template_path}: a Jinja file, or the folder of another
   *     tokenizer; empty if unset
   * @param eosToken {@code eos_token}: the token that ends a plain text; empty for the tokenizer's
   *     own
   * @param templateVariables {@code chat_template_kwargs}, of prompts
   */
  public record Model(
      ModelReference reference,
      String chatTemplatePath,
      String eosToken,
      TokenizerDialect dialect,
      Map<String, Object> templateVariables)
      implements Serializable {}

  /**
   * Settings of packing.
   *
   * @param batchSize documents packed together (TRL: 1000); 0: as many as a shard holds
   */
  public record Packing(
      boolean enabled, PackingStrategy strategy, int batchSize, boolean withinSource)
      implements Serializable {}

  /** {@code --on_bad_rows}. */
  public enum OnBadRows implements LowerCase {
    FAIL,
    SKIP
  }

  /** {@code --truncation_mode}: the end of an overlong document that is kept. */
  public enum Truncation implements LowerCase {
    KEEP_START,
    KEEP_END
  }

  /**
   * The chat template and the end token that replace the tokenizer's own: saved with a trained
   * model, as TRL saves them.
   *
   * @param template of {@code chat_template_path}; empty if unset
   * @param eosToken {@code eos_token}; empty if unset
   * @param eosId its id; empty if unset
   */
  public record GivenText(Optional<ChatTemplate> template, String eosToken, OptionalInt eosId) {
    /** Reads the template, whose file may be gone when results are saved. */
    public static GivenText of(Configuration hadoop, PrepConfig.Model config) {
      boolean hasTemplate = !config.chatTemplatePath().isEmpty();
      if (!hasTemplate && config.eosToken().isEmpty()) {
        return new GivenText(Optional.empty(), "", OptionalInt.empty());
      }
      ModelText text = ModelText.shared(TextSource.locate(hadoop, config));
      return new GivenText(
          text.template().filter(any -> hasTemplate),
          config.eosToken(),
          text.tokenizer().map(own -> own.idOf(config.eosToken())).orElse(OptionalInt.empty()));
    }

    /** Changes the tokenizer's files in a folder, and the end tokens of a whole model. */
    public void save(Path folder) throws IOException {
      if (template.isPresent()) {
        template.get().save(folder);
      }
      if (!eosToken.isEmpty()) {
        for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
          Path file = folder.resolve(name);
          if (JsonFile.isThere(file)) {
            JsonFile.write(file, JsonFile.read(file).put("eos_token", eosToken));
          }
        }
        if (eosId.isPresent() && JsonFile.isThere(folder.resolve("config.json"))) {
          EndTokens.put(folder, eosId.getAsInt());
        }
      }
    }
  }
}
