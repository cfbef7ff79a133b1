package org.sparklora.model.generate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.SplitMix64;

/** An unfinished completion, and the places of its keys and values in the cache. */
final class Row {
  private static final int FIRST_TOKENS = 64;

  private final Prompt prompt;
  private final int index;
  private final Map<Integer, CachedText> cached = new TreeMap<>(); // by window
  private int[] tokens = new int[FIRST_TOKENS]; // grows with the completion
  private float[] logProbs = new float[FIRST_TOKENS];
  private int length = 0;

  /** Completion {@code index} of a prompt, whose completions share its text of each window. */
  Row(Prompt prompt, int index, List<CachedText> cachedPrompt) {
    this.prompt = prompt;
    this.index = index;
    for (CachedText text : cachedPrompt) {
      cached.put(text.cache().window(), new CachedText(text, prompt.tokens().length));
    }
  }

  /** Forgets the keys and values that neither the last token nor a later one sees. */
  void forget() {
    cached.values().forEach(text -> text.forget(textLength()));
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

  /** Tokens of prompt and completion. */
  private int textLength() {
    return prompt.tokens().length + length;
  }

  /** The position of the last token in the text. */
  int lastPosition() {
    return textLength() - 1;
  }

  /** Forgets, and reserves cache slots for the last token. */
  void reserve() {
    forget();
    cached.values().forEach(text -> text.reserve(textLength()));
  }

  /** The last token's slot in the layers with a window. */
  int lastSlot(int window) {
    return cached.get(window).slot(lastPosition());
  }

  /** The keys that the last token, {@code query} of its batch, sees in layers with a window. */
  Branch lastBranch(int window, int query) {
    return cached.get(window).branch(query, textLength());
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
    int[] seen = Arrays.copyOf(prompt.tokens(), textLength());
    System.arraycopy(tokens, 0, seen, prompt.tokens().length, length);
    return seen;
  }

  /** Releases the cache pages and returns the completion. */
  Completion end(Completion.StopReason reason) {
    cached.values().forEach(CachedText::release);
    return new Completion(
        prompt.id(), index, Arrays.copyOf(tokens, length), Arrays.copyOf(logProbs, length), reason);
  }
}
