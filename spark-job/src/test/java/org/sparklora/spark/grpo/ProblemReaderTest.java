package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.spark.TestModels;

class ProblemReaderTest {
  @TempDir private Path folder;

  private List<Problem> read(String rows, Optional<String> systemPrompt) throws IOException {
    Path model = TestModels.copy("llama-tiny", Files.createTempDirectory(folder, "model"));
    Path dataset = Files.writeString(folder.resolve("train.jsonl"), rows);
    return ProblemReader.read(
            new Configuration(),
            new GrpoConfig.Prompts(
                dataset.toString(), "", "train", "prompt", Optional.empty(), systemPrompt, true),
            model)
        .problems();
  }

  private String text(Problem problem) throws IOException {
    Path model = TestModels.copy("llama-tiny", Files.createTempDirectory(folder, "model"));
    return Tokenizer.load(model).decode(problem.tokens(), false);
  }

  @Test
  void columnsOfTheGuidesDatasetsAreKnown() throws IOException {
    List<Problem> problems =
        read(
            """
            {"problem": "1+1?", "solution": "$2$", "answer": "2"}
            {"question": "1+2?", "final_answer": "3"}
            {"question": "1+3?", "answer": "1+3=4\\n#### 4"}
            {"prompt": "1+4=", "solution": "5"}
            """,
            Optional.empty());

    assertThat(problems)
        .extracting(problem -> problem.solution().orElseThrow())
        .containsExactly("$2$", "3", "4", "5");
    assertThat(text(problems.get(0))).contains("user").contains("1+1?").contains("assistant");
    assertThat(text(problems.get(3))).isEqualTo("1+4=");
    assertThat(problems.get(0).columns()).containsEntry("answer", "2");
  }

  @Test
  void theSystemPromptStandsWhereThereIsNone() throws IOException {
    List<Problem> problems =
        read(
            """
            {"problem": "1+1?", "solution": "2"}
            {"prompt": [{"role": "system", "content": "Be wild."}, {"role": "user", "content": "1+1?"}]}
            """,
            Optional.of("Be brief."));

    assertThat(text(problems.get(0))).contains("Be brief.");
    assertThat(text(problems.get(1))).contains("Be wild.").doesNotContain("Be brief.");
    assertThat(problems.get(1).solution()).isEmpty();
  }

  @Test
  void rowsWithoutPromptNameTheirPlace() {
    assertThatThrownBy(() -> read("{\"problem\": \"1+1?\"}\n{\"text\": \"a\"}\n", Optional.empty()))
        .hasMessageContaining("train.jsonl")
        .hasMessageContaining("neither prompt nor problem nor question");
  }
}
