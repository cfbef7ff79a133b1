package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.loss.TokenLogProbs;

/** SmolLM2-135M, which is too large for the repository, against transformers. */
class SmolLm2GoldenTest {
  private static final String FOLDER = "SPARK_LORA_SMOLLM2";

  /**
   * Float32 sums over 30 layers of a trained model, whose activations are larger than random ones.
   */
  private static final double LOG_PROBS = 2e-3;

  @Test
  void promptsAndGreedyAnswersHaveTheLogProbsOfTransformers() throws IOException {
    String folder = System.getenv(FOLDER);
    if (folder == null) {
      System.out.println(
          "Skipped: " + FOLDER + " does not name a folder with SmolLM2-135M-Instruct");
    }
    assumeTrue(folder != null);
    Engine engine = Engines.of(EngineChoice.USUAL);
    JsonNode cases =
        new ObjectMapper()
            .readTree(GoldenModel.root().resolve("golden/smollm2-135m.json").toFile());
    try (CheckpointFolder checkpoint = CheckpointFolder.open(Path.of(folder))) {
      Decoder decoder = Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32);
      AdapterStep step = new AdapterStep(decoder, engine, false);
      for (JsonNode one : cases) {
        int[] prompt = ids(one.get("prompt_ids"));
        int[] greedy = ids(one.get("greedy_ids"));
        int[] all = Arrays.copyOf(prompt, prompt.length + greedy.length);
        System.arraycopy(greedy, 0, all, prompt.length, greedy.length);
        TokenLogProbs scored = step.logProbs(engine.allocate(0), OneDocument.of(all), 1f);

        assertThat(Arrays.copyOfRange(scored.argmax(), prompt.length - 1, all.length - 1))
            .containsExactly(greedy);
        JsonNode expected = one.get("token_logps_of_prompt_plus_greedy");
        assertThat(scored.count()).isEqualTo(expected.size());
        for (int m = 0; m < scored.count(); m++) {
          assertThat((double) scored.logProbs()[m])
              .isCloseTo(expected.get(m).asDouble(), within(LOG_PROBS));
        }
      }
    }
  }

  private static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    Arrays.setAll(ids, i -> array.get(i).asInt());
    return ids;
  }
}
