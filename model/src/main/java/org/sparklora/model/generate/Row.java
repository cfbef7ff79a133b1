package org.sparklora.model.generate;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Branch;

/** A completion in the making, and where its keys and values lie in the cache. */
final class Row {
  private final Prompt prompt;
  private final int index;
  private final int promptRun;
  private final int ownRun;
  private final int[] tokens;
  private final float[] logProbs;
  private int length = 0;

  /**
   * @param index which of the prompt's completions
   * @param promptRun first slot of the prompt
   * @param ownRun first slot of this completion
   */
  Row(Prompt prompt, int index, int promptRun, int ownRun, int maxLength) {
    this.prompt = prompt;
    this.index = index;
    this.promptRun = promptRun;
    this.ownRun = ownRun;
    this.tokens = new int[maxLength];
    this.logProbs = new float[maxLength];
  }

  void add(int token, float logProb) {
    tokens[length] = token;
    logProbs[length] = logProb;
    length++;
  }

  long promptId() {
    return prompt.id();
  }

  int promptRun() {
    return promptRun;
  }

  int ownRun() {
    return ownRun;
  }

  int length() {
    return length;
  }

  int lastToken() {
    return tokens[length - 1];
  }

  /** Where the last token stands in the text. */
  int lastPosition() {
    return prompt.tokens().length + length - 1;
  }

  /** Where the last token's keys and values go. */
  int lastSlot() {
    return ownRun + length - 1;
  }

  /** What the last token sees, as query number {@code query} of its batch. */
  Branch lastBranch(int query) {
    return new Branch(query, 1, promptRun, prompt.tokens().length, ownRun, length - 1);
  }

  /** The random number of the next token. */
  double uniform(long seed) {
    return RandomStream.uniform(seed, prompt.id(), index, length);
  }

  /** The tokens of prompt and completion, each once. */
  IntStream seen() {
    return IntStream.concat(Arrays.stream(prompt.tokens()), Arrays.stream(tokens, 0, length))
        .distinct();
  }

  Completion completion(Completion.StopReason reason) {
    return new Completion(
        prompt.id(), index, Arrays.copyOf(tokens, length), Arrays.copyOf(logProbs, length), reason);
  }
}
