package org.sparklora.prep.document;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.source.BadRowException;

/** Counts of one split. Not thread-safe. */
public final class SplitReport implements StageReport {
  private static final long serialVersionUID = 1L;

  /**
   * Bad-row messages that a report keeps, so that a broken dataset does not fill the driver's
   * memory.
   */
  private static final int KEPT_PROBLEMS = 5;

  /** The counts of a report beside bad rows. */
  public enum Count {
    /** Rows that were read, good or bad. */
    ROWS,
    /** Documents that were dropped because none of their tokens counts for the loss. */
    WITHOUT_TARGET,
    /** Documents without a token. */
    EMPTY,
    /** Documents that were cut. */
    TRUNCATED,
    /** Tokens that were cut off. */
    TRUNCATED_TOKENS,
    /** Prompts whose tokens are not a prefix of the tokens of prompt and completion. */
    PROMPT_NOT_PREFIX,
    /** Prompts that were left out because they are too long. */
    TOO_LONG,
    /** Prompts without a reference answer. */
    WITHOUT_SOLUTION,
    /** Rows of which a mixture's weight takes no copy. */
    LEFT_OUT,
    /** Copies of rows that a mixture holds out for the other split. */
    HELD_OUT
  }

  private int[] lengths = new int[64];
  private int documents;
  private final long[] badRows = new long[BadRowException.Reason.values().length];
  private String[] problems = new String[0];
  private final long[] counts = new long[Count.values().length];
  private boolean stopped;

  public void count(Count what) {
    counts[what.ordinal()]++;
  }

  /**
   * Counts a row that cannot be used.
   *
   * @param skip whether reading continues behind it; else it ends here
   * @throws BadRowException the problem, unless {@code skip}
   */
  public void countBad(BadRowException problem, boolean skip) {
    count(Count.ROWS);
    badRows[problem.reason().ordinal()]++;
    if (problems.length < KEPT_PROBLEMS) {
      problems = Arrays.copyOf(problems, problems.length + 1);
      problems[problems.length - 1] = problem.getMessage();
    }
    if (!skip) {
      stopped = true;
      throw problem;
    }
  }

  /** Counts a document that was cut by {@code tokens}. */
  public void countTruncated(int tokens) {
    count(Count.TRUNCATED);
    counts[Count.TRUNCATED_TOKENS.ordinal()] += tokens;
  }

  public void countDocument(int tokens) {
    if (documents == lengths.length) {
      lengths = Arrays.copyOf(lengths, 2 * documents);
    }
    lengths[documents++] = tokens;
    counts[Count.EMPTY.ordinal()] += tokens == 0 ? 1 : 0;
  }

  /** Counts a prompt that was written as a document. */
  public void countPrompt(Prompt prompt) {
    countDocument(prompt.tokens().length);
    counts[Count.WITHOUT_SOLUTION.ordinal()] += prompt.solution().isPresent() ? 0 : 1;
  }

  /** Shrinks the array of lengths to its contents; call before the report is sent. */
  public SplitReport trimmed() {
    lengths = Arrays.copyOf(lengths, documents);
    return this;
  }

  public int documents() {
    return documents;
  }

  /** Length of each document written, in order. Read-only, not copied. */
  public int[] lengths() {
    return lengths;
  }

  @Override
  public long tokens() {
    return IntStream.of(lengths).limit(documents).asLongStream().sum();
  }

  @Override
  public Optional<String> fatalProblem() {
    return stopped ? Optional.of(problems[problems.length - 1]) : Optional.empty();
  }

  public long of(Count what) {
    return counts[what.ordinal()];
  }

  /** Bad rows by reason, without those that did not occur. */
  public Map<BadRowException.Reason, Long> badRows() {
    Map<BadRowException.Reason, Long> counts = new EnumMap<>(BadRowException.Reason.class);
    for (BadRowException.Reason reason : BadRowException.Reason.values()) {
      if (badRows[reason.ordinal()] > 0) {
        counts.put(reason, badRows[reason.ordinal()]);
      }
    }
    return counts;
  }

  /** The first few messages about bad rows, in row order. */
  public String[] problems() {
    return problems;
  }
}
