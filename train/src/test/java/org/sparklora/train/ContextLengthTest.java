package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.pipeline.table.TableException;

class ContextLengthTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  /** The context length of a model of 64 positions with heads of 16. */
  private ContextLength context(String ropeScaling) throws IOException {
    Path config = TestModels.copy("llama-tiny", folder).resolve("config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(config.toFile());
    json.put("max_position_embeddings", 64).set("rope_scaling", JSON.readTree(ropeScaling));
    JSON.writeValue(config.toFile(), json);
    return new ContextLength(DecoderConfig.read(config));
  }

  @Test
  void longRopeLetsNoPromptGrowIntoOtherFrequencies() throws IOException {
    ContextLength context =
        context(
            """
            {"rope_type": "longrope", "original_max_position_embeddings": 40,
             "short_factor": [1, 1, 1, 1, 1, 1, 1, 1], "long_factor": [1, 2, 3, 4, 5, 6, 7, 8]}""");
    context.check(5, 30, 10);
    context.check(5, 41, 100); // warns
    context.checkTrained(0, 65); // warns
    assertThatThrownBy(() -> context.check(5, 30, 11))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt 5: it has 30 tokens")
        .hasMessageContaining("more than 40")
        .hasMessageContaining("--max_completion_length, which is 11, to 10");
  }

  @Test
  void dynamicScalingRefusesTextsThatOthersWarnOf() throws IOException {
    ContextLength context = context("{\"rope_type\": \"dynamic\", \"factor\": 4}");
    context.checkTrained(100, 64); // warns
    context.checkScored("Line 1 of a", 64);
    context.check(5, 60, 4);
    assertThatThrownBy(() -> context.checkTrained(0, 65))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("dynamic")
        .hasMessageContaining("--max_length 64");
    assertThatThrownBy(() -> context.checkScored("Line 1 of a", 65))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("dynamic: Line 1 of a has a document of 65 tokens");
    assertThatThrownBy(() -> context.check(5, 60, 5)).hasMessageContaining("which is 5, to 4");
  }
}
