package org.sparklora.reward;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Input of a reward: one completion and the other columns of its row.
 *
 * @param text the completion; of a list of messages, the content of the first
 * @param solution the reference answer, if the table has one
 * @param tokens number of generated tokens, if the table has it ({@code completion_ids} or {@code
 *     completion_length})
 * @param columns all columns of the row as text, lists and maps as JSON; without nulls and bytes;
 *     sorted by name, copied
 */
public record RewardInput(
    String text, Optional<String> solution, OptionalInt tokens, Map<String, String> columns)
    implements Serializable {

  private static final int NO_TOKENS = -1;

  public RewardInput {
    Objects.requireNonNull(text);
    columns = Collections.unmodifiableMap(new TreeMap<>(columns));
  }

  /** This completion with additional columns. */
  public RewardInput with(Map<String, String> more) {
    Map<String, String> all = new TreeMap<>(columns);
    all.putAll(more);
    return new RewardInput(text, solution, tokens, all);
  }

  /** Serialises a {@code Wire}, since Optional is not serialisable. */
  private Object writeReplace() {
    return new Wire(text, solution.orElse(null), tokens.orElse(NO_TOKENS), columns);
  }

  private record Wire(String text, String solution, int tokens, Map<String, String> columns)
      implements Serializable {
    private Object readResolve() {
      OptionalInt count = tokens == NO_TOKENS ? OptionalInt.empty() : OptionalInt.of(tokens);
      return new RewardInput(text, Optional.ofNullable(solution), count, columns);
    }
  }

  /** A completion with its solution and nothing else. */
  public static RewardInput of(String text, String solution) {
    return new RewardInput(text, Optional.of(solution), OptionalInt.empty(), Map.of());
  }
}
