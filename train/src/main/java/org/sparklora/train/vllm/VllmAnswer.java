package org.sparklora.train.vllm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Completion.StopReason;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;

/**
 * Reads the answer of {@code /v1/completions}, and refuses completions that do not fit the request:
 * a completion that was cut off in a wrong place, or is another prompt's, would be trained on.
 */
final class VllmAnswer {
  /** Rounding in a log-probability of a token that is certain. */
  private static final float ABOVE_ZERO = 1e-3f;

  private VllmAnswer() {}

  /**
   * The completions in the order of their index.
   *
   * @param asked settings of the request
   * @param wanted completions to return: if one was asked for, it is repeated
   * @throws IOException if the answer is not one to this request
   */
  static List<Completion> completions(
      JsonNode answer, Prompt prompt, SamplingConfig asked, int wanted) throws IOException {
    Completion[] drawn = new Completion[asked.numGenerations()];
    for (JsonNode choice : answer.path("choices")) {
      int index = choice.path("index").asInt(-1);
      require(index >= 0 && index < drawn.length && drawn[index] == null, "choices", prompt);
      drawn[index] = completion(choice, index, prompt, asked);
    }
    List<Completion> completions = new ArrayList<>();
    for (int index = 0; index < wanted; index++) {
      Completion one = drawn[index % drawn.length];
      require(one != null, "choices", prompt);
      completions.add(
          new Completion(prompt.id(), index, one.tokens(), one.logProbs(), one.stopReason()));
    }
    return completions;
  }

  private static Completion completion(
      JsonNode choice, int index, Prompt prompt, SamplingConfig asked) throws IOException {
    JsonNode of = choice.path("prompt_token_ids");
    require(!of.isArray() || Arrays.equals(ints(of), prompt.tokens()), "prompt_token_ids", prompt);
    int[] tokens = ints(choice.path("token_ids"));
    int last = tokens.length - 1;
    require(last >= 0 && tokens.length <= asked.maxCompletionLength(), "token_ids", prompt);
    boolean ends = asked.endTokens().contains(tokens[last]);
    require(
        IntStream.range(0, last).noneMatch(t -> asked.endTokens().contains(tokens[t]))
            && (ends || tokens.length == asked.maxCompletionLength()),
        "finish_reason",
        prompt);
    JsonNode given = choice.path("logprobs").path("token_logprobs");
    require(given.size() == tokens.length, "token_logprobs", prompt);
    float[] logProbs = new float[tokens.length];
    for (int t = 0; t < logProbs.length; t++) {
      logProbs[t] = given.get(t).floatValue();
      require(given.get(t).isNumber() && logProbs[t] <= ABOVE_ZERO, "token_logprobs", prompt);
    }
    return new Completion(
        prompt.id(), index, tokens, logProbs, ends ? StopReason.EOS : StopReason.LENGTH);
  }

  /** Token ids; none if an element of the list is not a token id. */
  static int[] ints(JsonNode list) {
    int[] ints = new int[list.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = list.get(i).isInt() ? list.get(i).intValue() : -1; // asInt would lose digits
    }
    return Arrays.stream(ints).anyMatch(token -> token < 0) ? new int[0] : ints;
  }

  private static void require(boolean condition, String field, Prompt prompt) throws IOException {
    if (!condition) {
      throw new IOException(
          "answers prompt %s with %s that cannot belong to it".formatted(prompt.id(), field));
    }
  }
}
