package org.sparklora.reward.job;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.AnswerVotes;
import org.sparklora.reward.math.MathReward;

/**
 * All completions of a prompt, how many of them are correct, and the dataset's rows made of them.
 *
 * @param rollouts rows by column, in the table's order
 * @param judged number of completions that were judged right or wrong
 * @param correct the right ones, in the table's order
 * @param solution the solution, or the answer that the completions voted for
 */
record RatedPrompt(
    List<Map<String, Object>> rollouts,
    int judged,
    List<Map<String, Object>> correct,
    Optional<String> solution) {
  static final String KEPT = "kept";
  private static final String PROMPT = "prompt";
  private static final String JSON_COLUMNS = "json_columns";
  private static final String TOOLS = "tools";

  /** Columns that {@code generate} and {@code reward} add, beside rewards/NAME and HIDDEN ones. */
  private static final Set<String> ADDED =
      Set.of(
          ("prompt_id completion completion_index completion_length stop_reason verdict reason gold_parsed answer_parsed"
                  + " judge_seconds reward advantage group_zero_std")
              .split(" "));

  /** Columns by which a dataset is recognised before its prompt and completion are. */
  private static final Set<String> OTHER_FORMATS = Set.of("input_ids", "conversations");

  /** Rates the completions of one prompt. */
  static RatedPrompt of(List<Map<String, Object>> rollouts, SelectConfig.Correct rule) {
    Optional<String> solution =
        Optional.ofNullable(rollouts.get(0).get(CompletionRow.SOLUTION)).map(String::valueOf);
    if (rule.majorityVote() && solution.filter(text -> !text.isBlank()).isEmpty()) {
      Optional<AnswerVotes.Voted> majority =
          AnswerVotes.of(
                  MathReward.of(rule.dialect()), rollouts.stream().map(RatedPrompt::text).toList())
              .majority();
      return new RatedPrompt(
          rollouts,
          majority.isPresent() ? rollouts.size() : 0,
          majority.stream().flatMap(answer -> answer.voters().stream()).map(rollouts::get).toList(),
          majority.map(AnswerVotes.Voted::text));
    }
    Predicate<Map<String, Object>> judged =
        row ->
            rule.byReward()
                ? reward(row) != null
                : is(Verdict.CORRECT, row) || is(Verdict.WRONG, row);
    Predicate<Map<String, Object>> right =
        row -> rule.byReward() ? reward(row) >= rule.leastReward() : is(Verdict.CORRECT, row);
    List<Map<String, Object>> rated = rollouts.stream().filter(judged).toList();
    return new RatedPrompt(rollouts, rated.size(), rated.stream().filter(right).toList(), solution);
  }

  private static boolean is(Verdict verdict, Map<String, Object> row) {
    return verdict.text().equals(row.get(JudgedTable.VERDICT));
  }

  private static Double reward(Map<String, Object> row) {
    return row.get(JudgedTable.REWARD) instanceof Number reward ? reward.doubleValue() : null;
  }

  private static String text(Map<String, Object> row) {
    return CompletionRow.completion(row.get(CompletionRow.COMPLETION)).orElse("");
  }

  double passRate() {
    return correct.size() / (double) judged;
  }

  /** {@value #KEPT}, or why the prompt is left out. */
  String outcome(SelectConfig config) {
    if (judged == 0) {
      return config.correct().majorityVote()
          ? "no verdict and no majority"
          : "no completion was judged";
    }
    if (passRate() < config.passRates().least()) {
      return "pass rate below " + config.passRates().least();
    }
    if (passRate() > config.passRates().most()) {
      return "pass rate above " + config.passRates().most();
    }
    return config.task() == SelectConfig.Task.SFT && chosen(config).isEmpty()
        ? "no correct completion that is whole"
        : KEPT;
  }

  /** The rows of a kept prompt, as JSON. */
  List<String> rows(SelectConfig config) {
    Map<String, Object> row = datasetColumns(rollouts.get(0));
    row.put("total_rollouts", judged);
    row.put("total_correct_rollouts", correct.size());
    row.put("passrate", passRate());
    solution.ifPresent(text -> row.put(CompletionRow.SOLUTION, text));
    if (config.task() == SelectConfig.Task.GRPO) {
      return List.of(Prompt.json(row));
    }
    row.keySet().removeAll(OTHER_FORMATS);
    if (config.tables().format() == RewardConfig.Format.PARQUET
        && rollouts.get(0).get(CompletionRow.COLUMNS) instanceof Map<?, ?> columns
        && columns.get(TOOLS) instanceof String json) {
      row.put(TOOLS, json); // Spark sorts the fields of structs, and templates print their order
    }
    boolean chat = row.get(PROMPT) instanceof List;
    return chosen(config).stream()
        .map(
            text -> {
              Map<String, String> answer = new LinkedHashMap<>();
              answer.put("role", "assistant");
              answer.put("content", text);
              row.put(CompletionRow.COMPLETION, chat ? List.of(answer) : text);
              return Prompt.json(row);
            })
        .toList();
  }

  /** Different texts of correct completions that were not cut off, as many as may be kept. */
  private List<String> chosen(SelectConfig config) {
    Comparator<Map<String, Object>> order =
        switch (config.keep()) {
          case FIRST -> (a, b) -> 0;
          case BEST -> Comparator.comparingDouble(row -> reward(row) == null ? 0 : -reward(row));
          case SHORTEST ->
              Comparator.comparingInt(
                  row -> CompletionRow.tokens(row).orElseGet(() -> text(row).length()));
        };
    return correct.stream()
        .filter(row -> !Generation.LENGTH.equals(row.get("stop_reason")) && !text(row).isBlank())
        .sorted(order) // keeps the table's order of equals
        .map(RatedPrompt::text)
        .distinct()
        .limit(config.completionsPerPrompt())
        .toList();
  }

  /** The dataset's columns and the prompt: messages, or a text. */
  private static Map<String, Object> datasetColumns(Map<String, Object> row) {
    Map<String, Object> columns = new TreeMap<>(row);
    columns.keySet().removeAll(CompletionRow.HIDDEN);
    columns.keySet().removeIf(name -> ADDED.contains(name) || name.startsWith("rewards/"));
    if (row.get(CompletionRow.COLUMNS) instanceof Map<?, ?> ofDataset) {
      List<?> json = row.get(JSON_COLUMNS) instanceof List<?> names ? names : List.of();
      ofDataset.forEach(
          (name, cell) ->
              columns.put(
                  String.valueOf(name),
                  json.contains(name) && cell instanceof String text ? Prompt.parsed(text) : cell));
    }
    if (columns.get(PROMPT) instanceof String text && Prompt.conversation(text).isPresent()) {
      columns.put(PROMPT, Prompt.parsed(text));
    }
    return columns;
  }
}
