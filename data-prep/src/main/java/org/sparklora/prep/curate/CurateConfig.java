package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.source.LowerCase;

/**
 * Settings of {@code curate}.
 *
 * @param scoreColumn {@code score_column}: a number for each row, the larger the better; empty
 *     unless the best is kept
 * @param model whose tokens {@code filter} may count
 */
public record CurateConfig(
    PrepConfig.Source source,
    Steps steps,
    String scoreColumn,
    Optional<PrepConfig.Model> model,
    String outputFolder,
    boolean overwrite) {

  /** The row that is kept of several. */
  public enum Keep implements LowerCase {
    FIRST,
    /** The first of the longest. */
    LONGEST,
    /** The first of those with the largest score. */
    BEST
  }

  /** Checks that {@link Keep#BEST} has a score column, and no other choice has. */
  public CurateConfig {
    ConfigException.require(
        (steps.keep == Keep.BEST) != scoreColumn.isEmpty(),
        Flags.KEEP,
        steps.keep.word(),
        "--keep best and --score_column, a column of numbers, need one another");
  }

  /**
   * The steps; each may be unset.
   *
   * @param filter {@code filter}: a predicate of Spark SQL, or the empty string
   * @param nearDuplicates {@code near_duplicates}: the least Jaccard similarity, or 0
   * @param evaluationSets {@code decontaminate}: names of datasets, each with {@code :CONFIG} if it
   *     has several configurations
   */
  public record Steps(
      String filter,
      boolean exactDuplicates,
      double nearDuplicates,
      Keep keep,
      List<String> evaluationSets,
      String evaluationSplit)
      implements Serializable {

    public Steps {
      evaluationSets = List.copyOf(evaluationSets);
      ConfigException.require(
          !filter.isEmpty() || exactDuplicates || nearDuplicates > 0 || !evaluationSets.isEmpty(),
          Flags.EXACT_DUPLICATES,
          false,
          "no step was asked for; give at least one of --filter, --exact_duplicates, --near_duplicates and --decontaminate");
    }
  }

  /** The settings that decide the result, under the user's names. */
  Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>(source.settings());
    settings.put(Flags.FILTER.name(), steps.filter());
    settings.put(Flags.EXACT_DUPLICATES.name(), steps.exactDuplicates());
    settings.put(Flags.NEAR_DUPLICATES.name(), steps.nearDuplicates());
    settings.put(Flags.KEEP.name(), steps.keep().word());
    if (!scoreColumn.isEmpty()) {
      settings.put(Flags.SCORE_COLUMN.name(), scoreColumn);
    }
    settings.put(Flags.DECONTAMINATE.name(), steps.evaluationSets());
    settings.put(Flags.DATASET_TEST_SPLIT.name(), steps.evaluationSplit());
    model.ifPresent(
        counts -> settings.put(Flags.MODEL_NAME_OR_PATH.name(), counts.reference().name()));
    settings.putAll(source.given());
    return settings;
  }
}
