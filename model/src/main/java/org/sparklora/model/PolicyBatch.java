package org.sparklora.model;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.loss.PolicyTargets;

/**
 * A micro-batch of completions for a policy loss: what the decoder computes on, and beside it what
 * the loss knows of each completion.
 *
 * @param packed prompts and completions; every token of a completion is a target. Without tokens if
 *     all completions are masked: then there is nothing to compute
 * @param targets the completions in the order of the batch
 */
public record PolicyBatch(PackedBatch packed, PolicyTargets targets) {

  /**
   * A completion to be trained on.
   *
   * @param prompt its prompt's tokens
   * @param completion its own
   * @param advantage how much better its reward was than that of its siblings
   * @param masked whether it only counts as a completion, without a token that is trained on (TRL's
   *     {@code mask_truncated_completions})
   * @param oldLogProbs of its tokens under the policy that drew it, if that is not the one trained
   * @param referenceLogProbs of its tokens under the reference policy, if there is one
   */
  public record Row(
      int[] prompt,
      int[] completion,
      float advantage,
      boolean masked,
      Optional<float[]> oldLogProbs,
      Optional<float[]> referenceLogProbs) {

    public Row {
      if (prompt.length == 0) {
        throw new IllegalArgumentException(
            "Cannot train on a completion without a prompt: its first token would have no predecessor");
      }
      checkLength("old", oldLogProbs, completion);
      checkLength("reference", referenceLogProbs, completion);
    }

    private static void checkLength(String name, Optional<float[]> logProbs, int[] completion) {
      if (logProbs.isPresent() && logProbs.get().length != completion.length) {
        throw new IllegalArgumentException(
            "Cannot use %d %s log-probabilities for a completion of %d tokens: there must be one for each"
                .formatted(logProbs.get().length, name, completion.length));
      }
    }

    /** The same completion with log-probabilities under the reference policy. */
    public Row withReference(float[] logProbs) {
      return new Row(prompt, completion, advantage, masked, oldLogProbs, Optional.of(logProbs));
    }

    /** The n-th token of prompt and completion. */
    private int token(int n) {
      return n < prompt.length ? prompt[n] : completion[n - prompt.length];
    }

    /** Tokens that are trained on. */
    int targetCount() {
      return masked ? 0 : completion.length;
    }

    /** Whether an advantage of 0 leaves the policy's part of the loss without a gradient. */
    boolean isFlat() {
      return advantage == 0 && targetCount() > 0;
    }
  }

  /**
   * A micro-batch of these completions. Prompts that several of them have are computed once: each
   * completion continues the prompt's tokens but the last, whose logits are different completions'
   * first.
   *
   * @throws IllegalArgumentException if some of them have old or reference log-probabilities and
   *     others have not
   */
  public static PolicyBatch of(List<Row> rows) {
    return of(rows, row -> row.targetCount() > 0);
  }

  /**
   * The same, of which only some completions are computed. The others still count as completions,
   * and their tokens where a loss is divided by a number of tokens.
   */
  static PolicyBatch of(List<Row> rows, Predicate<Row> computed) {
    int[] lengths =
        rows.stream().mapToInt(row -> computed.test(row) ? row.targetCount() : 0).toArray();
    int allTokens = rows.stream().mapToInt(Row::targetCount).sum();
    float[] advantages = new float[rows.size()];
    for (int c = 0; c < advantages.length; c++) {
      advantages[c] = rows.get(c).advantage;
    }
    List<Row> trained = rows.stream().filter(computed).toList();
    return new PolicyBatch(
        new Packing(trained).batch(),
        new PolicyTargets(
            lengths,
            advantages,
            joined(trained, Row::oldLogProbs, "old"),
            joined(trained, Row::referenceLogProbs, "reference"),
            allTokens - Arrays.stream(lengths).sum()));
  }

  /** One number a target, in the order of the batch. */
  private static Optional<float[]> joined(
      List<Row> rows, Function<Row, Optional<float[]>> logProbs, String name) {
    long having = rows.stream().filter(row -> logProbs.apply(row).isPresent()).count();
    if (having == 0 && !rows.isEmpty()) {
      return Optional.empty();
    }
    if (having < rows.size()) {
      throw new IllegalArgumentException(
          "Cannot use %d completions of which only %d have %s log-probabilities: all or none"
              .formatted(rows.size(), having, name));
    }
    float[] all = new float[rows.stream().mapToInt(Row::targetCount).sum()];
    int start = 0;
    for (Row row : rows) {
      float[] own = logProbs.apply(row).orElseThrow();
      System.arraycopy(own, 0, all, start, own.length);
      start += own.length;
    }
    return Optional.of(all);
  }

  /** Lays completions end to end. */
  private static final class Packing {
    private static final int NO_PREFIX = -1;

    private final List<Row> rows;
    private final Map<IntBuffer, Integer> siblings = new HashMap<>(); // of a prompt, by its tokens
    private final Map<IntBuffer, Integer> documents = new HashMap<>(); // of a shared prompt
    private final IntStream.Builder tokens = IntStream.builder();
    private final IntStream.Builder targets = IntStream.builder();
    private final IntStream.Builder lengths = IntStream.builder();
    private final IntStream.Builder prefixes = IntStream.builder();
    private int documentCount = 0;

    Packing(List<Row> rows) {
      this.rows = rows;
      rows.forEach(row -> siblings.merge(IntBuffer.wrap(row.prompt), 1, Integer::sum));
    }

    PackedBatch batch() {
      for (Row row : rows) {
        IntBuffer prompt = IntBuffer.wrap(row.prompt);
        int last = row.prompt.length - 1;
        if (last > 0 && siblings.get(prompt) > 1) {
          int prefix = documents.computeIfAbsent(prompt, p -> add(row, 0, last, NO_PREFIX));
          add(row, last, last + row.completion.length, prefix);
        } else {
          add(row, 0, last + row.completion.length, NO_PREFIX);
        }
      }
      return new PackedBatch(
          tokens.build().toArray(),
          targets.build().toArray(),
          Segments.ofLengths(lengths.build().toArray()).continuing(prefixes.build().toArray()));
    }

    /**
     * Adds the tokens {@code [from, to)} of prompt and completion as a document; a completion's
     * last token predicts nothing and is left out.
     *
     * @return the document's number
     */
    private int add(Row row, int from, int to, int prefix) {
      for (int n = from; n < to; n++) {
        tokens.add(row.token(n));
        targets.add(n < row.prompt.length - 1 ? PackedBatch.NO_TARGET : row.token(n + 1));
      }
      lengths.add(to - from);
      prefixes.add(prefix);
      return documentCount++;
    }
  }
}
