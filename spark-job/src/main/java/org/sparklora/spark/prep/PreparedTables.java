package org.sparklora.spark.prep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepJob;
import org.sparklora.prep.TableConfig;
import org.sparklora.prep.TableKind;
import org.sparklora.prep.TableManifest;
import org.sparklora.prep.TableOrigin;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.table.SourceTables;

/** Finds or makes the packed table, or the prompts table, of a dataset. */
public final class PreparedTables {
  private static final Logger LOG = LoggerFactory.getLogger(PreparedTables.class);

  private PreparedTables() {}

  /**
   * The settings of a run; if its dataset is a table of {@code prep}, with the settings that the
   * table was made with.
   *
   * @throws ConfigException if the user set one of them to another value than the table's
   * @throws TableException if the table lacks a file
   */
  public static Settings decided(Configuration hadoop, Settings settings) {
    boolean ofPrompts = List.of("grpo", "update", "eval").contains(settings.command());
    if (!ofPrompts && settings.find(Flags.DATASET_NAME).isEmpty()) {
      return settings;
    }
    Flag<String> split =
        settings.command().equals("eval") ? Flags.DATASET_TEST_SPLIT : Flags.DATASET_TRAIN_SPLIT;
    TableConfig config =
        ofPrompts
            ? PrepSettings.prompts(settings, split, "")
            : PrepSettings.packed(settings, split, "");
    Map<Flag<?>, Flag<?>> flags = Map.of(Flags.DATASET_TRAIN_SPLIT, split);
    String dataset = config.source().dataset();
    FileList.requireWhole(hadoop, dataset, config.kind().command());
    return TableOrigin.of(hadoop, config.kind(), dataset)
        .map(origin -> origin.decided(settings, config.settings(), flags))
        .orElse(settings);
  }

  /**
   * The folder of the table: the dataset itself if {@code prep} made it; else the table of an
   * earlier run with the same settings; else a new one.
   *
   * @throws ConfigException if the dataset is a table of another tokenizer's ids, or the folder for
   *     a new table has content that may not be replaced
   */
  public static String open(SparkSession spark, TableConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    String dataset = config.source().dataset();
    TableKind kind = config.kind();
    if (isPrepared(hadoop, config)) {
      requireNoQuery(config.source());
      TableOrigin.of(hadoop, kind, dataset)
          .orElseThrow(
              () ->
                  new TableException(
                      "Cannot read %s of table %s: it is damaged, or of another version; run prep again"
                          .formatted(kind.manifest(), dataset)))
          .requireTokenizer(hadoop, Flags.DATASET_NAME, config.model());
      return dataset;
    }
    String folder = config.outputFolder();
    requireOnlyTables(hadoop, kind, folder);
    LOG.info("{}: {}", folder, PrepJob.reuseOrRun(spark, config, kind.folderKey()).summary());
    return folder;
  }

  /**
   * The folder of the table that {@link #open} made or found before, in another process.
   *
   * @throws TableException if the table does not exist
   */
  public static String made(Configuration hadoop, TableConfig config) {
    String dataset = config.source().dataset();
    if (isPrepared(hadoop, config)) {
      return dataset;
    }
    boolean there = // an existing prompts table is used, whatever its settings
        config.kind() == TableKind.PROMPTS
            ? config.kind().isAt(hadoop, config.outputFolder())
            : TableManifest.find(hadoop, config).isPresent();
    if (!there) {
      throw new TableException(
          "Cannot find the table of %s in %s: it must lie where all machines read it under one path"
              .formatted(dataset, config.outputFolder()));
    }
    return config.outputFolder();
  }

  /** Refuses a dataset that does not exist, before the output folder is claimed. */
  public static void requireDataset(SparkSession spark, TableConfig config) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    requireFiles(hadoop, config);
    if (!isPrepared(hadoop, config)) {
      config
          .source()
          .each(
              source ->
                  source.readsTable(hadoop)
                      ? SourceTables.open(spark, source.dataset(), source.query())
                      : source);
    }
  }

  /**
   * Checks that the files of the dataset exist; tables of catalogues, which only a session can
   * open, are not checked.
   */
  public static void requireFiles(Configuration hadoop, TableConfig config) {
    if (isPrepared(hadoop, config)) {
      requireNoQuery(config.source());
    } else {
      config.source().each(source -> source.readsTable(hadoop) ? List.of() : files(hadoop, source));
    }
  }

  /**
   * Refuses an output folder that is or holds one of these datasets, or of these places of models
   * and adapters ({@link org.sparklora.pipeline.model.ModelReference#place}).
   */
  public static void requireApart(Configuration hadoop, String output, List<String> read) {
    try {
      List<Path> places = new ArrayList<>();
      for (Path place : read.stream().map(Path::new).toList()) {
        if (place.getFileSystem(hadoop).exists(place)) { // else a repository, or a table's name
          places.add(place);
        }
      }
      OutputFolder.requireApart(hadoop, output, places);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Checks, before the split to train on is prepared, that a split to evaluate on exists.
   *
   * @throws ConfigException if the dataset has no files, or rows of a table, for that split alone
   */
  public static void requireTestSplit(
      Configuration hadoop, TableConfig testConfig, TableConfig trainConfig) {
    boolean prepared = isPrepared(hadoop, testConfig); // a prepared table has no splits
    PrepConfig.Source testing = testConfig.source();
    PrepConfig.Source training = trainConfig.source();
    if (!training.mixture().isNone()) {
      ConfigException.require(
          training.mixture().held().share() > 0,
          Flags.DATASETS,
          training.dataset(),
          "it holds out no rows to evaluate on; write test_split_size: 0.01 into it, or leave --eval_strategy out");
      return;
    }
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
      return false; // no file is named after the split to evaluate on
    }
  }

  private static List<DatasetFile> files(Configuration hadoop, PrepConfig.Source source) {
    return new DatasetFiles(hadoop).find(source.dataset(), source.config(), source.split());
  }

  /** Refuses flags that select rows or columns if {@code prep} made the dataset. */
  private static void requireNoQuery(PrepConfig.Source source) {
    source
        .query()
        .refuseFor(
            source.dataset(),
            "prep made the table %s already; leave it out, or name the dataset that the table was made of");
  }

  /** Refuses a folder with other content than a table: a new table may replace only a table. */
  private static void requireOnlyTables(Configuration hadoop, TableKind kind, String folder) {
    Path path = new Path(folder);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      ConfigException.require(
          kind.isAt(hadoop, folder)
              || !fileSystem.exists(path)
              || fileSystem.getFileStatus(path).isDirectory()
                  && fileSystem.listStatus(path).length == 0,
          kind.folderKey(),
          folder,
          "something lies there that is no table; name another folder");
    } catch (IOException e) {
      throw new ConfigException(
          kind.folderKey(),
          folder,
          "it cannot be looked at (%s); name another folder".formatted(e.getMessage()));
    }
  }

  /** Whether {@code prep} made the dataset. */
  private static boolean isPrepared(Configuration hadoop, TableConfig config) {
    return config.kind().isAt(hadoop, config.source().dataset());
  }
}
