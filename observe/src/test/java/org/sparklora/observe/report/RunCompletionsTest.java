package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.LoggedCompletion;

class RunCompletionsTest {
  @TempDir private Path run;

  private RunCompletions refreshed() throws IOException {
    RunCompletions completions = new RunCompletions(new Configuration(), run.toString());
    completions.refresh();
    return completions;
  }

  private static List<String> texts(List<LoggedCompletion> rows) {
    return rows.stream().map(row -> row.completion().get(0).content()).toList();
  }

  private static List<String> found(RunCompletions completions, Map<String, String> query) {
    return texts(completions.find(CompletionFilter.of(query), 0, 100).rows());
  }

  @Test
  void theLatestComeFirstPageByPage() throws IOException {
    LoggedRows.write(run, 5, 4);
    LoggedRows.write(run, 10, 4);
    RunCompletions completions = refreshed();

    assertThat(completions.count()).isEqualTo(8);
    RunCompletions.Found page = completions.find(CompletionFilter.of(Map.of()), 3, 2);
    assertThat(texts(page.rows())).containsExactly("step 10, row 3", "step 5, row 0");
    assertThat(page.matching()).isEqualTo(8);
    assertThat(page.more()).isTrue();
    assertThat(completions.find(CompletionFilter.of(Map.of()), 6, 2).more()).isFalse();
    assertThat(completions.find(CompletionFilter.of(Map.of()), 90, 2).rows()).isEmpty();
  }

  @Test
  void rowsAreFoundByStepVerdictRewardAndText() throws IOException {
    LoggedRows.write(run, 5, 4);
    LoggedRows.write(run, 10, 4);
    RunCompletions completions = refreshed();

    assertThat(found(completions, Map.of("step", "5"))).hasSize(4);
    assertThat(found(completions, Map.of("step", "5", "verdict", "wrong")))
        .containsExactly("step 5, row 0");
    assertThat(found(completions, Map.of("step", "5", "verdict", "partial")))
        .containsExactly("step 5, row 1");
    assertThat(found(completions, Map.of("step", "5", "verdict", "correct")))
        .containsExactly("step 5, row 2");
    assertThat(found(completions, Map.of("step", "5", "verdict", "unjudged")))
        .containsExactly("step 5, row 3");
    assertThat(found(completions, Map.of("least", "0.5")))
        .containsExactly("step 10, row 1", "step 10, row 2", "step 5, row 1", "step 5, row 2");
    assertThat(found(completions, Map.of("least", "0.5", "most", "0.9")))
        .containsExactly("step 10, row 1", "step 5, row 1");
    assertThat(found(completions, Map.of("reward", "length_reward", "verdict", "wrong")))
        .hasSize(8);
    assertThat(found(completions, Map.of("text", "STEP 10, ROW 2")))
        .containsExactly("step 10, row 2");
    assertThat(found(completions, Map.of("text", "is 1+1"))).as("of the prompt").hasSize(8);
    assertThat(found(completions, Map.of("text", "nowhere"))).isEmpty();
  }

  /** As a Python function, a partial or an object may be called. */
  @Test
  void rewardsMayHaveAnyName() throws IOException {
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (String name : List.of("a b", "f(x)", "{0}", "x;y=\"z\"", "Länge", "<lambda>", "a/b,c")) {
      rewards.put(name, 0.5);
    }
    LoggedRows.write(run, 5, List.of(LoggedRows.row("named", rewards)));
    RunCompletions completions = refreshed();

    assertThat(completions.unreadable()).isEmpty();
    assertThat(completions.rewards()).containsExactlyElementsOf(rewards.keySet());
    assertThat(found(completions, Map.of("reward", "f(x)", "verdict", "partial")))
        .containsExactly("named");
  }

  @Test
  void ofARunThatLoggedNoneThoseOfItsRoundsAreShown() throws IOException {
    LoggedRows.writeRound(run, 0, "advantages", List.of(LoggedRows.row("first", 1)));
    LoggedRows.writeRound(run, 1, "advantages", List.of(LoggedRows.row("second", 0)));
    LoggedRows.writeRound(run, 1, "advantages-2", List.of(LoggedRows.row("drawn again", 0.5)));
    RunCompletions completions = refreshed();

    assertThat(completions.unreadable()).isEmpty();
    assertThat(completions.rewards()).containsExactly("accuracy_reward", "length_reward");
    assertThat(found(completions, Map.of())).containsExactly("drawn again", "second", "first");
    assertThat(found(completions, Map.of("step", "1", "verdict", "correct")))
        .containsExactly("first");
    assertThat(found(completions, Map.of("text", "again"))).containsExactly("drawn again");

    LoggedRows.write(run, 5, 4);
    completions.refresh();
    assertThat(completions.count()).as("what is logged comes first").isEqualTo(4);
  }

  @Test
  void aSearchEndsWhereThePageIsFull() throws IOException {
    LoggedRows.write(run, 5, 4);
    LoggedRows.write(run, 10, 4);

    RunCompletions.Found page = refreshed().find(CompletionFilter.of(Map.of("text", "row")), 2, 3);

    assertThat(texts(page.rows()))
        .containsExactly("step 10, row 2", "step 10, row 3", "step 5, row 0");
    assertThat(page.matching()).as("nobody has counted").isEqualTo(-1);
    assertThat(page.more()).isTrue();
  }

  @Test
  void filesThatCameSinceAreThereAfterARefresh() throws IOException {
    RunCompletions completions = refreshed();
    assertThat(completions.count()).isZero();

    LoggedRows.write(run, 5, 4);
    Files.writeString(run.resolve("completions/completions_00006.parquet"), "damaged");
    Files.writeString(run.resolve("completions/_half.tmp"), "half");
    completions.refresh();

    assertThat(completions.count()).isEqualTo(4);
    assertThat(completions.rewards()).containsExactly("accuracy_reward", "length_reward");
    assertThat(completions.unreadable()).containsExactly("completions_00006.parquet");
    Files.delete(run.resolve("completions/completions_00005.parquet"));
    completions.refresh();
    assertThat(completions.count()).as("of a run that begins anew").isZero();
  }

  @Test
  void textsThatCouldNotBeReadAreReadAfterARefresh() throws IOException {
    LoggedRows.write(run, 5, 4);
    RunCompletions completions = refreshed();
    Path file = run.resolve("completions/completions_00005.parquet");
    Path away = Files.move(file, run.resolve("away"));
    assertThat(found(completions, Map.of("text", "row 1"))).isEmpty();

    Files.move(away, file);
    completions.refresh();

    assertThat(found(completions, Map.of("text", "row 1"))).containsExactly("step 5, row 1");
  }

  @Test
  void theLatestOfManyAreCut() throws IOException {
    LoggedRows.write(run, 5, 50);

    assertThat(refreshed().latest(20, 1_000_000)).hasSize(20);
    assertThat(refreshed().latest(50, 60)).as("26 and 27 characters a row").hasSize(3);
    assertThat(refreshed().latest(50, 1)).hasSize(1);
  }
}
