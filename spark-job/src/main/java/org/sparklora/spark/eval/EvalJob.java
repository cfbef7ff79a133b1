package org.sparklora.spark.eval;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.grpo.RewardStage;
import org.sparklora.spark.prep.PromptSettings;
import org.sparklora.spark.prep.PromptTables;
import org.sparklora.spark.workers.Workers;

/**
 * {@code eval --task math}: a model answers problems, on executors, and the judge that rewards in
 * training says which answers are right. The output folder holds every completion with its verdict
 * and {@value #SUMMARY}.
 */
public final class EvalJob {
  static final String SUMMARY = "_eval_summary.json";

  private EvalJob() {}

  /**
   * Evaluates.
   *
   * @return the summary, which lies in the output folder as well
   * @throws ConfigException for settings that cannot be used
   * @throws TableException if no problem has a solution that can be read
   */
  public static Map<String, Object> run(SparkSession session, Settings given) throws IOException {
    long started = System.nanoTime();
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    Settings settings = PromptTables.decided(hadoop, given, "dataset_test_split");
    List<Integer> wanted = wanted(settings);
    SamplingConfig sampling = GenerateJob.sampling(settings);
    requireEnough(sampling, wanted);
    String target = settings.requiredText("output_dir");
    Workers workers = GenerateJob.workers(session, settings);
    RewardStage judge = judge(workers, settings, sampling);
    GenerateJob.check(session, settings);
    List<Prompt> prompts =
        PromptTables.open(
                session,
                PromptSettings.replacing(
                    settings,
                    PromptSettings.ofTestSplit(
                        settings, settings.text("prompts_dir").orElse(target + ".prompts"))))
            .readAll();
    MathScores scores = new MathScores(wanted);
    try (OutputFolder folder =
        OutputFolder.create(hadoop, target, settings.isOn("overwrite_output_dir"))) {
      AtomicInteger files = new AtomicInteger();
      GenerateJob.run(
          hadoop,
          workers,
          settings,
          prompts,
          part -> {
            List<ScoredGeneration> scored = judge.run(part);
            requireVerdicts(settings, scored);
            scores.add(scored);
            String file = "part-%05d.parquet".formatted(files.getAndIncrement());
            GenerationTable.writeScored(hadoop, new Path(folder.work(), file).toString(), scored);
          });
      requireProblems(settings, scores);
      Map<String, Object> summary = summary(settings, scores, (System.nanoTime() - started) / 1e9);
      write(hadoop, new Path(folder.work(), SUMMARY), summary);
      folder.commit();
      return summary;
    }
  }

  private static List<Integer> wanted(Settings settings) {
    List<Integer> wanted = settings.values("pass_k").stream().map(EvalJob::number).toList();
    wanted.forEach(
        k -> ConfigException.require(k >= 1, "pass_k", k, "at least one completion is looked at"));
    return wanted;
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new ConfigException("pass_k", text, "whole numbers are expected, as --pass_k 1 8");
    }
  }

  private static void requireEnough(SamplingConfig sampling, List<Integer> wanted) {
    int completions = sampling.numGenerations();
    wanted.forEach(
        k ->
            ConfigException.require(
                k <= completions,
                "pass_k",
                k,
                "pass@%d needs that many completions of a problem: --num_generations %d --temperature 1.0"
                    .formatted(k, k)));
    ConfigException.require(
        completions == 1 || !sampling.rule().isGreedy(),
        "num_generations",
        completions,
        "all greedy completions of a problem are the same; draw them with --temperature 1.0");
  }

  private static RewardStage judge(Workers workers, Settings settings, SamplingConfig sampling) {
    return new RewardStage(
        workers,
        RewardSettings.functions(settings),
        RewardSettings.advantages(settings),
        sampling.numGenerations());
  }

  private static void requireVerdicts(Settings settings, List<ScoredGeneration> scored) {
    ConfigException.require(
        scored.stream().noneMatch(row -> row.judged().verdict() == Verdict.SCORED),
        "reward_funcs",
        String.join(" ", settings.values("reward_funcs")),
        "none of them says which answers are right; strip_reasoning_accuracy_reward, accuracy_reward, reasoning_accuracy_reward and gsm8k_reward do");
  }

  private static void requireProblems(Settings settings, MathScores scores) {
    if (scores.problems() == 0) {
      throw new TableException(
          "Cannot evaluate on %s: no problem has a solution that the judge can read; check its solutions, or try --reward_dialect sound"
              .formatted(settings.requiredText("dataset_name")));
    }
  }

  private static Map<String, Object> summary(Settings settings, MathScores scores, double seconds) {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("task", settings.requiredText("task"));
    for (String name :
        List.of(
            "model_name_or_path",
            "adapter",
            "dataset_name",
            "reward_dialect",
            "num_generations",
            "temperature",
            "max_completion_length",
            "seed")) {
      settings.text(name).ifPresent(value -> summary.put(name, value));
    }
    summary.putAll(scores.summary());
    summary.put("seconds", seconds);
    summary.put("completion_tokens_per_second", scores.tokens() / seconds);
    return summary;
  }

  private static void write(Configuration hadoop, Path file, Map<String, Object> summary) {
    try (OutputStream out = file.getFileSystem(hadoop).create(file, true)) {
      out.write(
          new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(summary));
    } catch (IOException e) {
      throw new TableException(
          "Cannot write %s (%s): make room or choose another --output_dir"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
