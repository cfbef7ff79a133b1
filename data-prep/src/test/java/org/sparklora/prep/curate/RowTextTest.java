package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.format.ProblemFormat;

class RowTextTest {
  private final RowText problems =
      new RowText(ProblemFormat.recognise("prompt", Map.of("prompt", "?")));

  @Test
  void aQuestionIsFoundBesideAnswersThatAreListsOrStructs() {
    assertThat(problems.question(Map.of("question", "1+1?", "final_answer", List.of("2"))))
        .isEqualTo("1+1?");
    assertThat(problems.question(Map.of("question", "Who?", "answer", Map.of("value", "I"))))
        .isEqualTo("Who?");
    List<Map<String, Object>> chat =
        List.of(
            Map.of("role", "system", "content", "Be brief."),
            Map.of("role", "user", "content", "2+2?"));
    assertThat(problems.question(Map.of("prompt", chat, "solution", List.of("4"))))
        .isEqualTo("2+2?");
  }

  @Test
  void theTextOfAProblemIsTheQuestionAndTheSolution() {
    assertThat(problems.text(Map.of("question", "1+1?", "answer", "2"))).isEqualTo("1+1?\n2");
  }

  /** Else samples of one problem, with equal answers after other reasoning, would be duplicates. */
  @Test
  void reasoningAndToolCallsBesideTheContentArePartOfTheText() {
    Map<String, Object> asked = Map.of("role", "user", "content", "Where?");
    RowText chats =
        RowText.recognise(PrepConfig.Source.of("data"), Map.of("messages", List.of(asked)));
    Map<String, Object> thought =
        Map.of("role", "assistant", "content", "Here", "thinking", "Near the sea");
    assertThat(chats.text(Map.of("messages", List.of(asked, thought))))
        .isEqualTo("Where?\nHere\nNear the sea");
    Map<String, Object> call =
        Map.of("role", "assistant", "tool_calls", List.of(Map.of("city", "Paris")));
    assertThat(chats.text(Map.of("messages", List.of(asked, call))))
        .isEqualTo("Where?\n[{\"city\":\"Paris\"}]");
    Map<String, Object> none =
        Map.of("role", "assistant", "content", "Here", "tool_calls", List.of());
    assertThat(chats.text(Map.of("messages", List.of(asked, none)))).isEqualTo("Where?\nHere");
  }
}
