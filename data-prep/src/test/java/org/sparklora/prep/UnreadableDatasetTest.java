package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.prep.tokenize.ExampleTokenizer;

/** Datasets of which nothing can be used say why, and where. */
class UnreadableDatasetTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private void sample(OnBadRows onBadRows) {
    FileInput.find(
            HADOOP,
            PrepConfigs.source(folder.resolve("a.jsonl").toString(), onBadRows, TableQuery.NONE))
        .sample(HADOOP);
  }

  @Test
  void anOnlyRowThatIsBadIsNamedWithItsPlace() throws IOException {
    Files.writeString(folder.resolve("a.jsonl"), "\n{\"text\": \n");
    assertThatThrownBy(() -> sample(OnBadRows.FAIL))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining("a.jsonl line 2");
    assertThatThrownBy(() -> sample(OnBadRows.SKIP))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no row that can be read")
        .hasMessageContaining("a.jsonl line 2")
        .hasMessageNotContaining("--on_bad_rows"); // it is set already
  }

  @Test
  void columnsWithoutProblemsAreNoBadRow() {
    ProblemFormat.recognise("prompt", Map.of("question", "1 + 1?"));
    ProblemFormat.recognise("prompt", Map.of("prompt", "1 + 1?"));
    for (Map<String, Object> columns :
        java.util.List.<Map<String, Object>>of(
            Map.of("foo", 1), Map.of("text", "a"), Map.of("prompt", 5))) {
      assertThatThrownBy(() -> ProblemFormat.recognise("prompt", columns))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("Understood are: prompt");
    }
    assertThatThrownBy(() -> ProblemFormat.recognise("ask", Map.of("prompt", "a")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("prompt_column = ask");
  }

  @Test
  void aTextThatWouldFillTheMemoryIsABadRow() {
    ExampleTokenizer.requireShort("a".repeat(1_000_000));
    assertThatThrownBy(() -> ExampleTokenizer.requireShort("a".repeat(30_000_000)))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining("30,000,000 characters");
  }
}
