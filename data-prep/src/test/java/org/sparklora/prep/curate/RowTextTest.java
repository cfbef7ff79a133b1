package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
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
}
