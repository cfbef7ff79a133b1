package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;

class CompletionsLogTest {
  /** A dataset, and a model that has learnt from it, may write what a terminal obeys. */
  @Test
  void completionsCannotControlTheTerminal() {
    Prompt prompt = new Prompt(0, "one\u001b[2J\ntwo", new int[] {1}, Optional.empty(), Map.of());
    Generation drawn =
        new Generation(prompt, 0, "a\rb", new int[] {2}, new float[1], Generation.EOS);
    ScoredGeneration.Judged judged = new ScoredGeneration.Judged(Verdict.SCORED, "", "", "", 0);
    List<Map<String, Object>> shown =
        new CompletionsLog(true, Optional.empty())
            .tracked(List.of(new ScoredGeneration(drawn, Map.of("r", 1.0), judged, 1, 0.5, false)));

    assertThat(shown.get(0))
        .containsEntry("prompt", "one\uFFFD[2J\\ntwo")
        .containsEntry("completion", "a\uFFFDb");
  }
}
