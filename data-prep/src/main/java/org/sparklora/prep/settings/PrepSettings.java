package org.sparklora.prep.settings;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.TableConfig;
import org.sparklora.prep.TableKind;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.source.LowerCase;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.TokenizerDialect;

/**
 * Makes a {@link PrepConfig} or a {@link PromptsConfig} from a user's settings, for {@code prep}
 * and for runs, and a {@link CurateConfig}.
 */
public final class PrepSettings {
  private static final String TEST = "test";

  private static final List<Flag<?>> OF_ONE_DATASET =
      List.of(
          Flags.DATASET_NAME,
          Flags.DATASET_CONFIG,
          Flags.DATASET_TEST_SPLIT,
          Flags.DATASET_REVISION,
          Flags.DATASET_FORMAT,
          Flags.DATASET_FILTER,
          Flags.DATASET_COLUMNS,
          Flags.DATASET_ORDER);

  /** The command that trains on a table of {@code prep}. */
  private enum Task implements LowerCase {
    SFT,
    GRPO
  }

  private PrepSettings() {}

  /** The table that {@code prep} makes for its {@code task}; refuses settings it ignores. */
  public static TableConfig table(Settings settings) {
    requireUseful(settings);
    String folder = settings.get(Flags.OUTPUT_DIR);
    return switch (settings.get(Flags.TASK, Task.class)) {
      case SFT -> packed(settings, Flags.DATASET_TRAIN_SPLIT, folder);
      case GRPO -> prompts(settings, Flags.DATASET_TRAIN_SPLIT, folder);
    };
  }

  /** The dataset and the steps of {@code curate}. */
  public static CurateConfig curate(Settings settings) {
    return new CurateConfig(
        source(settings, Flags.DATASET_TRAIN_SPLIT),
        new CurateConfig.Steps(
            settings.find(Flags.FILTER).orElse(""),
            settings.get(Flags.EXACT_DUPLICATES),
            settings.find(Flags.NEAR_DUPLICATES).orElse(0.0),
            settings.get(Flags.KEEP, CurateConfig.Keep.class),
            settings.find(Flags.DECONTAMINATE).orElse(List.of()),
            settings.get(Flags.DATASET_TEST_SPLIT)),
        settings.find(Flags.SCORE_COLUMN).orElse(""),
        settings.find(Flags.MODEL_NAME_OR_PATH).map(model -> model(settings, "")),
        settings.get(Flags.OUTPUT_DIR),
        settings.get(Flags.OVERWRITE_OUTPUT_DIR));
  }

  /** Refuses settings of {@code prep} that its {@code task} ignores. */
  public static void requireUseful(Settings settings) {
    Task task = settings.get(Flags.TASK, Task.class);
    settings.requireUseful(task.word(), Stream.of(Task.values()).map(Task::word).toList());
  }

  /** A run's packed rows of the split to train on, or of that to evaluate on. */
  public static PrepConfig packed(Settings settings, Flag<String> splitFlag, String outputFolder) {
    boolean packing = settings.get(Flags.PACKING);
    if (splitFlag == Flags.DATASET_TEST_SPLIT) {
      packing = settings.find(Flags.EVAL_PACKING).orElse(packing);
    }
    return new PrepConfig(
        source(settings, splitFlag),
        model(settings, settings.find(Flags.EOS_TOKEN).orElse("")),
        settings.get(Flags.MAX_LENGTH),
        settings.get(Flags.TRUNCATION_MODE, PrepConfig.Truncation.class),
        new PrepConfig.Packing(
            packing,
            settings.get(Flags.PACKING_STRATEGY, PackingStrategy.class),
            settings.get(Flags.PACKING_BATCH_SIZE),
            settings.get(Flags.PACK_WITHIN_SOURCE)),
        settings
            .find(Flags.COMPLETION_ONLY_LOSS)
            .map(only -> only ? DatasetFormats.Loss.COMPLETION : DatasetFormats.Loss.EVERY_TOKEN)
            .orElse(DatasetFormats.Loss.AS_FORMAT_SAYS),
        settings.get(Flags.ASSISTANT_ONLY_LOSS),
        outputFolder,
        replaces(settings, TableKind.PACKED));
  }

  /** A run's prompts of the split to train on, or of that to evaluate on. */
  public static PromptsConfig prompts(
      Settings settings, Flag<String> splitFlag, String outputFolder) {
    return new PromptsConfig(
        source(settings, splitFlag),
        model(settings, ""),
        settings.find(Flags.SYSTEM_PROMPT).orElse(""),
        settings.find(Flags.MAX_PROMPT_LENGTH).orElse(PromptsConfig.UNLIMITED),
        outputFolder,
        replaces(settings, TableKind.PROMPTS));
  }

  /**
   * Whether a table that has other settings may be replaced: in a run's default folder, where it is
   * an earlier run's; in a folder that the user named, only with {@code overwrite_output_dir}.
   */
  private static boolean replaces(Settings settings, TableKind kind) {
    boolean isNamed = isOfDatasets(settings) || settings.isGiven(kind.folderKey());
    return settings.get(Flags.OVERWRITE_OUTPUT_DIR) || !isNamed;
  }

  /** Whether the command makes a dataset or a table, and no run. */
  private static boolean isOfDatasets(Settings settings) {
    return List.of("prep", "curate").contains(settings.command());
  }

  private static PrepConfig.Model model(Settings settings, String eosToken) {
    Map<String, Object> variables = settings.entries(Flags.CHAT_TEMPLATE_KWARGS);
    ConfigException.require(
        Collections.disjoint(variables.keySet(), List.of("messages", "add_generation_prompt")),
        Flags.CHAT_TEMPLATE_KWARGS,
        settings.text(Flags.CHAT_TEMPLATE_KWARGS),
        "messages are the dataset's, and the assistant's turn is always opened");
    return new PrepConfig.Model(
        ModelReference.of(settings),
        settings.find(Flags.CHAT_TEMPLATE_PATH).orElse(""),
        eosToken,
        settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class),
        variables);
  }

  /** The dataset, or the mixture of {@code datasets}, beside which flags of one are refused. */
  private static PrepConfig.Source source(Settings settings, Flag<String> splitFlag) {
    if (!settings.isGiven(Flags.DATASETS)) {
      return dataset(settings, splitFlag, Mixture.NONE);
    }
    Path file = LocalPath.of(settings, Flags.DATASETS);
    for (Flag<?> flag : OF_ONE_DATASET) {
      ConfigException.require(
          !settings.isGiven(flag) // a run's own file says test
              || flag == Flags.DATASET_TEST_SPLIT && settings.text(flag).equals(TEST),
          flag,
          settings.text(flag),
          "it is for one dataset, and --datasets is given; say it in %s, or leave one of both out"
              .formatted(file));
    }
    Settings named = settings.with(Flags.DATASET_NAME, file.toString());
    return dataset(named, splitFlag, MixtureFile.read(file, settings));
  }

  /**
   * The dataset of {@code dataset_name}, which for a mixture is its file.
   *
   * @param splitFlag names the split. The split to evaluate on is another table, or else a
   *     predicate on the rows, if the dataset is a table; of a mixture it is what it holds out
   */
  static PrepConfig.Source dataset(Settings settings, Flag<String> splitFlag, Mixture mixture) {
    boolean isTable = TableQuery.isAskedFor(settings);
    boolean isTest = splitFlag == Flags.DATASET_TEST_SPLIT;
    String split = settings.get(splitFlag);
    boolean another = isTest && isTable && TableQuery.isTableName(split);
    String name = another ? split : settings.get(Flags.DATASET_NAME);
    String revision = another ? "" : settings.find(Flags.DATASET_REVISION).orElse("");
    return new PrepConfig.Source(
        isTable || revision.isEmpty() ? name : name + "@" + revision, // of a repository
        settings.find(Flags.DATASET_CONFIG).orElse(""),
        another ? TEST : split,
        new DatasetFormats.ColumnMapping(
            settings.get(Flags.DATASET_TEXT_FIELD),
            settings.get(Flags.MESSAGES_COLUMN),
            settings.get(Flags.PROMPT_COLUMN),
            settings.get(Flags.COMPLETION_COLUMN)),
        settings.get(Flags.USE_SYSTEM_COLUMN),
        settings.get(Flags.ON_BAD_ROWS, PrepConfig.OnBadRows.class),
        new TableQuery(
            settings.find(Flags.DATASET_FORMAT).orElse(""),
            isTable ? revision : "",
            settings.find(Flags.DATASET_FILTER).orElse(""),
            settings.find(Flags.DATASET_COLUMNS).orElse(""),
            settings.find(Flags.DATASET_ORDER).orElse(""),
            new TableQuery.Split(testPredicate(settings), isTest)),
        isTest ? mixture.ofTest() : mixture);
  }

  /** The folder of the table of the split to evaluate on, beside that of the split to train on. */
  public static String testFolder(Settings settings, String trainFolder) {
    String split = settings.get(Flags.DATASET_TEST_SPLIT);
    boolean ofRows = TableQuery.isAskedFor(settings) || settings.isGiven(Flags.DATASETS);
    return trainFolder + "-" + (ofRows ? TEST : split);
  }

  /** The predicate of a table's rows to evaluate on, if a run sets it; else all rows are taken. */
  private static String testPredicate(Settings settings) {
    boolean said =
        TableQuery.isAskedFor(settings)
            && !settings.isGiven(Flags.DATASETS)
            && settings.isGiven(Flags.DATASET_TEST_SPLIT)
            && !isOfDatasets(settings)
            && !TableQuery.isTableName(settings.get(Flags.DATASET_TEST_SPLIT));
    return said ? settings.get(Flags.DATASET_TEST_SPLIT) : "";
  }
}
