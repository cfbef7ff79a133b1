package org.sparklora.spark.eval;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.prep.PrepConfig;
import org.sparklora.reward.AnswerReward;
import org.sparklora.reward.job.Scoring;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.grpo.RewardStage;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.train.workers.Workers;

/**
 * {@code eval --task math}: a model answers problems, on executors, and the reward functions of
 * training judge which answers are right. The output folder holds every completion with its verdict
 * and {@value #SUMMARY}.
 */
public final class EvalJob {
  static final String SUMMARY = "_eval_summary.json";

  private EvalJob() {}

  /**
   * Evaluates on the executors of a session, or within a task.
   *
   * @return the summary, which is also in the output folder
   * @throws ConfigException for settings that cannot be used
   * @throws TableException if not one completion can be judged right or wrong
   */
  public static Map<String, Object> run(TrainingEnvironment place, MathEvalConfig config)
      throws IOException {
    long started = System.nanoTime();
    Configuration hadoop = place.hadoop();
    List<String> read = new ArrayList<>(config.generation().model().places());
    read.addAll(config.problems().source().each(PrepConfig.Source::dataset));
    PreparedTables.requireApart(hadoop, config.output(), read);
    Workers workers = place.sharing(config.generation().workers());
    int completions = config.generation().sampling().numGenerations();
    Scoring scoring = Scoring.of(config.rewards(), config.advantages());
    RewardStage judge = new RewardStage(workers, scoring, Optional.empty());
    MathScores scores = new MathScores(config.passK(), config.byColumns());
    AnswerReward votes = config.rewards().votes();
    try (GenerateJob job = GenerateJob.open(hadoop, config.generation())) {
      List<Prompt> prompts = place.prompts(config.problems());
      config.requireColumns(prompts);
      try (OutputFolder folder = OutputFolder.create(hadoop, config.output(), config.overwrite())) {
        AtomicInteger files = new AtomicInteger();
        job.run(
            workers,
            prompts,
            part -> {
              List<ScoredGeneration> scored = judge.run(part, completions);
              MathEvalConfig.requireVerdicts(
                  config.rewards(),
                  scored.stream().noneMatch(row -> row.judged().verdict() == Verdict.SCORED));
              scores.add(scored, votes);
              String file =
                  String.format(Locale.ROOT, "part-%05d.parquet", files.getAndIncrement());
              GenerationTable.writeScored(hadoop, new Path(folder.work(), file).toString(), scored);
            });
        scores.requireJudged(config.problems().source().dataset());
        Map<String, Object> summary = new LinkedHashMap<>(config.shown());
        summary.putAll(scores.summary((System.nanoTime() - started) / 1e9));
        FileList.writeJson(hadoop, new Path(folder.work(), SUMMARY), summary);
        FileList.write(hadoop, folder.work());
        folder.commit();
        return summary;
      }
    }
  }

  /** Evaluates checkpoints, and writes the summaries of all beside their folders. */
  public static Map<String, Object> runEach(TrainingEnvironment place, List<MathEvalConfig> configs)
      throws IOException {
    Map<String, Object> summaries = new LinkedHashMap<>();
    for (MathEvalConfig config : configs) {
      summaries.put(new Path(config.output()).getName(), run(place, config));
    }
    Map<String, Object> summary = Map.of("checkpoints", summaries);
    Path folder = new Path(configs.get(0).output()).getParent();
    FileList.writeJson(place.hadoop(), new Path(folder, SUMMARY), summary);
    return summary;
  }
}
