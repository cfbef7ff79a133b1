package org.sparklora.train.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;

class VllmAnswerTest {
  private static List<Completion> read(String tokens, String logProbs) throws IOException {
    String answer =
        """
        {"choices": [{"index": 0, "token_ids": [%s], "logprobs": {"token_logprobs": [%s]}}]}
        """
            .formatted(tokens, logProbs);
    return new VllmAnswer(
            new VllmServer("http://gpu-1", "", Duration.ofSeconds(1)),
            7,
            new Prompt(4, new int[] {1}),
            new SamplingConfig(1, 2, SamplingRule.at(1), Set.of(), 0))
        .completions(new ObjectMapper().readTree(answer), 1);
  }

  @Test
  void tokensAndLogProbabilitiesAreTheAnswers() throws IOException {
    Completion only = read("5, 6", "-0.5, 0").get(0);

    assertThat(only.tokens()).containsExactly(5, 6);
    assertThat(only.logProbs()).containsExactly(-0.5f, 0);
  }

  /** 4294967301 is 2³² + 5, which as an int would be the token 5. */
  @ParameterizedTest
  @CsvSource({"4294967301", "5.7", "\"5\"", "true", "-1", "null"})
  void whatIsNoTokenIdIsRefused(String token) {
    assertThatThrownBy(() -> read("6, " + token, "-1, -1"))
        .isInstanceOf(IOException.class)
        .hasMessage("answers prompt 4 with token_ids that cannot belong to it");
  }

  @ParameterizedTest
  @CsvSource({"0.01", "null", "\"NaN\""})
  void whatIsNoLogProbabilityIsRefused(String logProb) {
    assertThatThrownBy(() -> read("5, 6", "-1, " + logProb))
        .isInstanceOf(IOException.class)
        .hasMessage("answers prompt 4 with token_logprobs that cannot belong to it");
  }
}
