package org.sparklora.model;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
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
  private static final int ALONE = -1; // the number of no document

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
    List<PolicyRow> trained = rows.stream().filter(computed).toList();
    return new PolicyBatch(packed(sharingPrompts(trained)), targets(rows, computed));
  }

  /**
   * A micro-batch of all tokens that TRL's forward pass has, since a loss of routers counts each of
   * them: the prompt once for each completion, and also a completion's last token. Of a masked
   * completion only the prompt is computed.
   */
  public static PolicyBatch ofAllTokens(List<PolicyRow> rows) {
    List<Document> documents =
        rows.stream()
            .map(row -> new Document(row, 0, row.prompt().length + row.targetCount(), ALONE))
            .toList();
    return new PolicyBatch(packed(documents), targets(rows, row -> row.targetCount() > 0));
  }

  private static PolicyTargets targets(List<PolicyRow> rows, Predicate<PolicyRow> computed) {
    List<PolicyRow> trained = rows.stream().filter(computed).toList();
    return new PolicyTargets(
        rows.stream()
            .map(
                row ->
                    new PolicyTargets.Completion(
                        computed.test(row) ? row.targetCount() : 0, row.advantage(), row.drift()))
            .toList(),
        joined(trained, PolicyRow.OfTokens::oldLogProbs, "old log-probabilities"),
        joined(trained, PolicyRow.OfTokens::referenceLogProbs, "reference log-probabilities"),
        joined(trained, PolicyRow.OfTokens::weights, "weights"),
        rows.stream().filter(computed.negate()).mapToInt(PolicyRow::targetCount).sum());
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

  /** Tokens {@code [from, to)} of a row that continue document {@code prefix}, unless ALONE. */
  private record Document(PolicyRow row, int from, int to, int prefix) {
    IntStream tokens() {
      return IntStream.range(from, to).map(row::token);
    }

    /** For each token the next one if it is a target; a completion's last predicts nothing. */
    IntStream targets() {
      int first = row.prompt().length;
      return IntStream.range(from + 1, to + 1)
          .map(
              next ->
                  next >= first && next < first + row.targetCount()
                      ? row.token(next)
                      : PackedBatch.NO_TARGET);
    }
  }

  /** Completions end to end; that of a prompt of several continues a document of the prompt. */
  private static List<Document> sharingPrompts(List<PolicyRow> rows) {
    Map<IntBuffer, Integer> siblings = new HashMap<>(); // prompt → completions
    rows.forEach(row -> siblings.merge(IntBuffer.wrap(row.prompt()), 1, Integer::sum));
    Map<IntBuffer, Integer> prefixes = new HashMap<>(); // prompt → number of its document
    List<Document> documents = new ArrayList<>();
    for (PolicyRow row : rows) {
      IntBuffer prompt = IntBuffer.wrap(row.prompt());
      int last = row.prompt().length - 1;
      boolean isShared = last > 0 && siblings.get(prompt) > 1;
      if (isShared && prefixes.putIfAbsent(prompt, documents.size()) == null) {
        documents.add(new Document(row, 0, last, ALONE));
      }
      int prefix = prefixes.getOrDefault(prompt, ALONE);
      documents.add(new Document(row, isShared ? last : 0, last + row.completion().length, prefix));
    }
    return documents;
  }

  private static PackedBatch packed(List<Document> documents) {
    IntStream lengths = documents.stream().mapToInt(of -> of.to - of.from);
    return new PackedBatch(
        documents.stream().flatMapToInt(Document::tokens).toArray(),
        documents.stream().flatMapToInt(Document::targets).toArray(),
        Segments.ofLengths(lengths.toArray())
            .continuing(documents.stream().mapToInt(Document::prefix).toArray()));
  }
}
