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
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Reads the answer of {@code /v1/completions}, and refuses completions that do not fit the request:
 * a completion that was cut off in a wrong place, or is another prompt's, would be trained on.
 *
 * @param vocabulary the model's number of tokens
 * @param asked settings of the request
 */
record VllmAnswer(VllmServer server, int vocabulary, Prompt prompt, SamplingConfig asked) {
  /** Rounding in a log-probability of a token that is certain. */
  private static final float ABOVE_ZERO = 1e-3f;

  /**
   * The completions in the order of their index.
   *
   * @param wanted completions to return: if one was asked for, it is repeated
   * @throws IOException if the answer is not one to this request
   * @throws ConfigException if the server has another model, or cuts completions off
   */
  List<Completion> completions(JsonNode answer, int wanted) throws IOException {
    Completion[] drawn = new Completion[asked.numGenerations()];
    for (JsonNode choice : answer.path("choices")) {
      int index = choice.path("index").asInt(-1);
      require(index >= 0 && index < drawn.length && drawn[index] == null, "choices");
      drawn[index] = completion(choice, index);
    }
    List<Completion> completions = new ArrayList<>();
    for (int index = 0; index < wanted; index++) {
      Completion one = drawn[index % drawn.length];
      require(one != null, "choices");
      completions.add(
          new Completion(prompt.id(), index, one.tokens(), one.logProbs(), one.stopReason()));
    }
    return completions;
  }

  private Completion completion(JsonNode choice, int index) throws IOException {
    JsonNode of = choice.path("prompt_token_ids");
    require(!of.isArray() || Arrays.equals(ints(of), prompt.tokens()), "prompt_token_ids");
    int[] tokens = ints(choice.path("token_ids"));
    int last = tokens.length - 1;
    require(last >= 0 && tokens.length <= asked.maxCompletionLength(), "token_ids");
    boolean ends = asked.endTokens().contains(tokens[last]);
    boolean isCut = !ends && tokens.length < asked.maxCompletionLength();
    if (isCut && choice.path("finish_reason").asText().equals("length")) {
      throw server.refused(
          "it cuts completions off after %s tokens, before --%s %s; start it with --generation-config vllm, and without max_new_tokens in --override-generation-config"
              .formatted(tokens.length, Flags.MAX_COMPLETION_LENGTH, asked.maxCompletionLength()));
    }
    require(
        !isCut && IntStream.range(0, last).noneMatch(t -> asked.endTokens().contains(tokens[t])),
        "finish_reason");
    JsonNode given = choice.path("logprobs").path("token_logprobs");
    require(given.size() == tokens.length, "token_logprobs");
    float[] logProbs = new float[tokens.length];
    for (int t = 0; t < logProbs.length; t++) {
      logProbs[t] = given.get(t).floatValue();
      require(given.get(t).isNumber() && logProbs[t] <= ABOVE_ZERO, "token_logprobs");
      if (tokens[t] >= vocabulary) {
        throw server.refused(
            "it draws token %s, and this model has %s; it serves another model"
                .formatted(tokens[t], vocabulary));
      }
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

  private void require(boolean condition, String field) throws IOException {
    if (!condition) {
      throw new IOException(
          "answers prompt %s with %s that cannot belong to it".formatted(prompt.id(), field));
    }
  }
}
