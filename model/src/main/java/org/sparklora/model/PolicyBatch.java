package org.sparklora.model;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
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
 * A micro-batch of completions for a policy loss: the decoder's input, and the loss's data of each
 * {@link PolicyRow}.
 *
 * @param packed prompts and completions; every token of a completion that is not masked is a
 *     target. Has no tokens if no completion is computed
 * @param targets the completions in the order of the batch
 */
public record PolicyBatch(PackedBatch packed, PolicyTargets targets) {

  /**
   * A micro-batch of these completions. A prompt of several completions is computed once, except
   * its last token, which begins each completion's own document: its logits predict the
   * completion's first token.
   *
   * @throws IllegalArgumentException if only some completions have log-probabilities or weights
   */
  public static PolicyBatch of(List<PolicyRow> rows) {
    return of(rows, row -> row.targetCount() > 0);
  }

  /**
   * A micro-batch in which only some completions are computed. The others still count as
   * completions, and their tokens count where a loss is divided by a number of tokens.
   */
  public static PolicyBatch of(List<PolicyRow> rows, Predicate<PolicyRow> computed) {
    Packing packing = new Packing(rows.stream().filter(computed).toList());
    return new PolicyBatch(packing.batch(), targets(rows, computed));
  }

  /**
   * A micro-batch of all tokens that TRL's forward pass has, since a loss of routers counts each of
   * them: the prompt once for each completion, and also a completion's last token. Of a masked
   * completion only the prompt is computed.
   */
  public static PolicyBatch ofAllTokens(List<PolicyRow> rows) {
    PackedBatch packed = new Packing(rows).batchOfAllTokens();
    return new PolicyBatch(packed, targets(rows, row -> row.targetCount() > 0));
  }

  private static PolicyTargets targets(List<PolicyRow> rows, Predicate<PolicyRow> computed) {
    int[] lengths =
        rows.stream().mapToInt(row -> computed.test(row) ? row.targetCount() : 0).toArray();
    int others = rows.stream().filter(computed.negate()).mapToInt(PolicyRow::targetCount).sum();
    float[] advantages = new float[rows.size()];
    float[] drifts = new float[rows.size()];
    for (int c = 0; c < advantages.length; c++) {
      advantages[c] = rows.get(c).advantage();
      drifts[c] = rows.get(c).drift();
    }
    List<PolicyRow> trained = rows.stream().filter(computed).toList();
    return new PolicyTargets(
        new PolicyTargets.Completions(lengths, advantages, drifts),
        joined(trained, PolicyRow.OfTokens::oldLogProbs, "old log-probabilities"),
        joined(trained, PolicyRow.OfTokens::referenceLogProbs, "reference log-probabilities"),
        joined(trained, PolicyRow.OfTokens::weights, "weights"),
        others);
  }

  /** Numbers of all rows, one per target in the order of the batch. */
  private static Optional<float[]> joined(
      List<PolicyRow> rows, Function<PolicyRow.OfTokens, float[]> numbers, String name) {
    long having = rows.stream().filter(row -> numbers.apply(row.ofTokens()).length > 0).count();
    if (having == 0 && !rows.isEmpty()) {
      return Optional.empty();
    }
    if (having < rows.size()) {
      throw new IllegalArgumentException(
          "Cannot use %s completions of which only %s have %s: all or none"
              .formatted(rows.size(), having, name));
    }
    int targets = rows.stream().mapToInt(PolicyRow::targetCount).sum();
    FloatBuffer all = FloatBuffer.allocate(targets);
    rows.forEach(row -> all.put(numbers.apply(row.ofTokens())));
    return Optional.of(all.array());
  }

  /** Lays completions end to end. */
  private static final class Packing {
    private static final int NO_PREFIX = -1;

    private final List<PolicyRow> rows;
    private final Map<IntBuffer, Integer> siblings = new HashMap<>(); // prompt → completions
    private final Map<IntBuffer, Integer> documents = new HashMap<>(); // prompt → its number
    private final IntStream.Builder tokens = IntStream.builder();
    private final IntStream.Builder targets = IntStream.builder();
    private final IntStream.Builder lengths = IntStream.builder();
    private final IntStream.Builder prefixes = IntStream.builder();
    private int documentCount = 0;

    Packing(List<PolicyRow> rows) {
      this.rows = rows;
      rows.forEach(row -> siblings.merge(IntBuffer.wrap(row.prompt()), 1, Integer::sum));
    }

    PackedBatch batch() {
      for (PolicyRow row : rows) {
        IntBuffer prompt = IntBuffer.wrap(row.prompt());
        int last = row.prompt().length - 1;
        if (last > 0 && siblings.get(prompt) > 1) {
          int prefix = documents.computeIfAbsent(prompt, p -> add(row, 0, last, NO_PREFIX));
          add(row, last, last + row.completion().length, prefix);
        } else {
          add(row, 0, last + row.completion().length, NO_PREFIX);
        }
      }
      return packed();
    }

    PackedBatch batchOfAllTokens() {
      for (PolicyRow row : rows) {
        add(row, 0, row.prompt().length + row.targetCount(), NO_PREFIX);
      }
      return packed();
    }

    private PackedBatch packed() {
      return new PackedBatch(
          tokens.build().toArray(),
          targets.build().toArray(),
          Segments.ofLengths(lengths.build().toArray()).continuing(prefixes.build().toArray()));
    }

    /**
     * Adds the tokens {@code [from, to)} of prompt and completion as a document; a completion's
     * last token predicts nothing.
     *
     * @return the document's number
     */
    private int add(PolicyRow row, int from, int to, int prefix) {
      for (int n = from; n < to; n++) {
        tokens.add(row.token(n));
        int next = n + 1 - row.prompt().length; // in the completion
        boolean predicts = next >= 0 && next < row.targetCount();
        targets.add(predicts ? row.completion()[next] : PackedBatch.NO_TARGET);
      }
      lengths.add(to - from);
      prefixes.add(prefix);
      return documentCount++;
    }
  }
}
