package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.SplitMix64;

/** An unfinished completion, and the places of its keys and values in the cache. */
final class Row {
  private static final int FIRST_TOKENS = 64;

  private final Prompt prompt;
  private final int index;
  private final CachedText cachedPrompt;
  private final CachedText own;
  private int[] tokens = new int[FIRST_TOKENS]; // grows with the completion
  private float[] logProbs = new float[FIRST_TOKENS];
  private int length = 0;
  private List<Run> seen = List.of(); // the prompt's slots and the first seenPages own pages
  private int seenPages = 0;

  /**
   * @param index number among the prompt's completions
   * @param cachedPrompt the prompt's cache, which all its completions share
   * @param own the completion's own cache, still empty
   */
  Row(Prompt prompt, int index, CachedText cachedPrompt, CachedText own) {
    this.prompt = prompt;
    this.index = index;
    this.cachedPrompt = cachedPrompt;
    this.own = own;
  }

  void add(int token, float logProb) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      logProbs = Arrays.copyOf(logProbs, 2 * length);
    }
    tokens[length] = token;
    logProbs[length] = logProb;
    length++;
  }

  long promptId() {
    return prompt.id();
  }

  int length() {
    return length;
  }

  int lastToken() {
    return tokens[length - 1];
  }

  /** The position of the last token in the text. */
  int lastPosition() {
    return prompt.tokens().length + length - 1;
  }

  /** Reserves a cache slot for the last token. */
  void reserve() {
    own.reserve(length);
    if (seenPages < own.pages().size()) {
      seenPages = own.pages().size();
      seen = new ArrayList<>(cachedPrompt.slots(prompt.tokens().length));
      seen.addAll(own.pages());
    }
  }

  /** The cache slot of the last token. */
  int lastSlot() {
    return own.slot(length - 1);
  }

  /** The keys that the last token sees, as query number {@code query} of its batch. */
  Branch lastBranch(int query) {
    return new Branch(query, 1, seen, prompt.tokens().length + length);
  }

  /**
   * The random number of the next token: a function of the seed and the token's place alone, so
   * that any node can draw it, in any order, and in a retry.
   */
  double uniform(long seed) {
    return SplitMix64.uniform(seed, prompt.id(), index, length);
  }

  /** The tokens of prompt and completion. */
  int[] seen() {
    int[] seen = Arrays.copyOf(prompt.tokens(), prompt.tokens().length + length);
    System.arraycopy(tokens, 0, seen, prompt.tokens().length, length);
    return seen;
  }

  /** Releases the cache pages and returns the completion. */
  Completion end(Completion.StopReason reason) {
    cachedPrompt.release();
    own.release();
    return new Completion(
        prompt.id(), index, Arrays.copyOf(tokens, length), Arrays.copyOf(logProbs, length), reason);
  }
}
