package org.sparklora.reward;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * What a reward looks at: one completion and what stands beside it in the table.
 *
 * @param text the completion; of a conversation, the content of its first message
 * @param solution the reference answer, if the table has one
 * @param tokens how many tokens were generated, if the table tells ({@code completion_ids} or
 *     {@code completion_length})
 * @param columns all columns of the row, as text, lists and maps as JSON; without those that have
 *     no value in it, and without bytes; sorted by name, copied
 */
public record Completion(
    String text, Optional<String> solution, OptionalInt tokens, Map<String, String> columns)
    implements Serializable {

  private static final int NO_TOKENS = -1;

  public Completion {
    Objects.requireNonNull(text);
    columns = Collections.unmodifiableMap(new TreeMap<>(columns));
  }

  /** The same with more columns. */
  public Completion with(Map<String, String> more) {
    Map<String, String> all = new TreeMap<>(columns);
    all.putAll(more);
    return new Completion(text, solution, tokens, all);
  }

  /** Optional is not serialisable. */
  private Object writeReplace() {
    return new Wire(text, solution.orElse(null), tokens.orElse(NO_TOKENS), columns);
  }

  private record Wire(String text, String solution, int tokens, Map<String, String> columns)
      implements Serializable {
    private Object readResolve() {
      OptionalInt count = tokens == NO_TOKENS ? OptionalInt.empty() : OptionalInt.of(tokens);
      return new Completion(text, Optional.ofNullable(solution), count, columns);
    }
  }

  /** A completion with its solution and nothing else. */
  public static Completion of(String text, String solution) {
    return new Completion(text, Optional.of(solution), OptionalInt.empty(), Map.of());
  }
}
