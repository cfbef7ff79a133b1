package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.RewardInput;

class CompletionRowTest {
  private static final Map<String, String> OF_DATASET =
      Map.of(
          "prompt", "[{\"role\":\"user\",\"content\":\"1+1?\"}]",
          "solution", "so #### 2",
          "completion", "the dataset's",
          "level", "3");

  private static final Generation GENERATION =
      new Generation(
          new Prompt(7, "<user>1+1?", new int[] {1, 2}, Optional.of("2"), OF_DATASET),
          1,
          "two",
          new int[] {3, 4, 5},
          new float[3],
          "eos");

  @Test
  void whatIsJudgedIsTheRowsAndAllElseTheDatasets() {
    RewardInput completion = CompletionRow.of(GENERATION);

    assertThat(completion.text()).isEqualTo("two");
    assertThat(completion.solution()).contains("2");
    assertThat(completion.tokens()).hasValue(3);
    assertThat(completion.columns())
        .isEqualTo(
            Map.of(
                "prompt_id", "7",
                "prompt", "[{\"role\":\"user\",\"content\":\"1+1?\"}]",
                "solution", "2",
                "completion_index", "1",
                "completion", "two",
                "stop_reason", "eos",
                "level", "3"));
    assertThat(CompletionRow.columns(GENERATION)).containsEntry("prompt_id", 7L);
  }

  @Test
  void equalPromptIdsAreOneGroup() {
    assertThat(CompletionRow.group(new byte[] {1, -1})).isEqualTo("01ff");
    assertThat(CompletionRow.group(7L)).isEqualTo("7");
  }

  @Test
  void aRowOfATableShowsTheSame() {
    Map<String, Object> cells = new HashMap<>();
    cells.put(CompletionRow.ROW_NUMBER, 12L);
    cells.put("prompt_id", 7L);
    cells.put("prompt", "<user>1+1?");
    cells.put("prompt_ids", List.of(1, 2));
    cells.put("solution", "2");
    cells.put("columns", OF_DATASET);
    cells.put("completion_index", 1);
    cells.put("completion", List.of(Map.of("role", "assistant", "content", "two")));
    cells.put("completion_ids", List.of(3, 4, 5));
    cells.put("logprobs", Arrays.asList(0f, 0f, 0f));
    cells.put("stop_reason", "eos");

    assertThat(CompletionRow.of(cells)).contains(CompletionRow.of(GENERATION));
  }

  @Test
  void aRowWithoutACompletionHasNothingToJudge() {
    assertThat(CompletionRow.of(Map.of("prompt", "1+1?"))).isEmpty();
    assertThat(CompletionRow.of(Map.of("completion", List.of()))).isEmpty();
  }

  @Test
  void numbersThatAreNotFiniteAreTheSameInTablesAndRounds() {
    Map<String, Object> values =
        Map.of("scores", List.of(Double.NaN, 1.5), "most", Double.NEGATIVE_INFINITY);
    Prompt prompt = GENERATION.prompt().with(values);
    Generation typed = new Generation(prompt, 1, "two", new int[] {3}, new float[1], "eos");

    assertThat(CompletionRow.columns(typed)).containsAllEntriesOf(values);
    Map<String, String> texts = Map.of("scores", "[NaN,1.5]", "most", "-Infinity");
    assertThat(CompletionRow.of(typed).columns()).containsAllEntriesOf(texts);
    assertThat(
            CompletionRow.of(Map.of("completion", "two", "columns", prompt.columns()))
                .orElseThrow()
                .columns())
        .containsAllEntriesOf(texts);
  }

  @Test
  void columnsAreTextsAndListsAndMapsAreJson() {
    Map<String, Object> values = new HashMap<>();
    values.put("maybe", null);
    values.put("tests", List.of("a", 1));
    values.put("of", Map.of("k", true));
    Generation typed =
        new Generation(
            GENERATION.prompt().with(values), 1, "two", new int[] {3}, new float[1], "eos");

    RewardInput completion = CompletionRow.of(typed);

    assertThat(completion.columns())
        .containsEntry("tests", "[\"a\",1]")
        .containsEntry("of", "{\"k\":true}")
        .doesNotContainKey("maybe");
    assertThat(CompletionRow.columns(typed))
        .containsEntry("tests", List.of("a", 1))
        .containsEntry("maybe", null);
    Map<String, Object> cells = new HashMap<>(values);
    cells.put("completion", "two");
    assertThat(CompletionRow.of(cells).orElseThrow().columns())
        .containsEntry("tests", "[\"a\",1]")
        .doesNotContainKey("maybe");
  }
}
