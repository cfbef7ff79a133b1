package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.SplitMix64;

/** A completion in the making, and where its keys and values lie in the cache. */
final class Row {
  private static final int FIRST_TOKENS = 64;

  private final Prompt prompt;
  private final int index;
  private final CachedText cachedPrompt;
  private final CachedText own;
  private int[] tokens = new int[FIRST_TOKENS]; // grows with the completion
  private float[] logProbs = new float[FIRST_TOKENS];
  private int length = 0;
  private List<Run> seen = List.of(); // the prompt's slots and the pages that it was made for
  private int seenPages = 0;

  /**
   * @param index which of the prompt's completions
   * @param cachedPrompt which all of them share
   * @param own empty
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

  /** Where the last token stands in the text. */
  int lastPosition() {
    return prompt.tokens().length + length - 1;
  }

  /** Takes a place in the cache for the last token. */
  void reserve() {
    own.reserve(length);
    if (seenPages < own.pages().size()) {
      seenPages = own.pages().size();
      seen = new ArrayList<>(cachedPrompt.slots(prompt.tokens().length));
      seen.addAll(own.pages());
    }
  }

  /** Where the last token's keys and values go. */
  int lastSlot() {
    return own.slot(length - 1);
  }

  /** What the last token sees, as query number {@code query} of its batch. */
  Branch lastBranch(int query) {
    return new Branch(query, 1, seen, prompt.tokens().length + length);
  }

  /**
   * The random number of the next token: a function of the seed and of the token's place alone, so
   * it can be drawn on any machine, in any order, and again after a failure.
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

  /** Leaves the cache. */
  Completion end(Completion.StopReason reason) {
    cachedPrompt.release();
    own.release();
    return new Completion(
        prompt.id(), index, Arrays.copyOf(tokens, length), Arrays.copyOf(logProbs, length), reason);
  }
}
