package org.sparklora.prep.document;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.source.BadRowException;

/**
 * A task's report to the driver: counts of a split, or of a file of the table, whose documents are
 * its rows. A plain class of numbers, arrays and collections that can be changed, as its subclasses
 * are: Spark sends it with the session's serialiser, and Kryo 4 can write neither records nor the
 * JDK's unmodifiable collections. Not thread-safe.
 */
public class SplitReport implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Messages that a report keeps: a broken dataset must not fill the driver's memory. */
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
    /** Tokens of a table's rows that count for the loss; a document's first token never does. */
    TARGET_TOKENS,
    /** Prompts whose tokens are not a prefix of the tokens of prompt and completion. */
    PROMPT_NOT_PREFIX,
    /** Prompts that were left out because they are too long. */
    TOO_LONG,
    /** Prompts without a reference answer. */
    WITHOUT_SOLUTION,
    /** Rows that a mixture's filter does not keep. */
    FILTERED,
    /** Rows of which a mixture's weight takes no copy. */
    LEFT_OUT,
    /** Copies of rows that a mixture holds out for the other split. */
    HELD_OUT
  }

  private int[] lengths = new int[0];
  private int documents;
  private final Map<String, Long> badRows = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();
  private final long[] counts = new long[Count.values().length];
  private boolean stopped;

  public void count(Count what) {
    count(what, 1);
  }

  public void count(Count what, long times) {
    counts[what.ordinal()] += times;
  }

  /** Counts a row that cannot be used, and throws its problem unless {@code skip}. */
  public void countBad(BadRowException problem, boolean skip) {
    count(Count.ROWS);
    badRows.merge(problem.reason().word(), 1L, Long::sum);
    if (problems.size() < KEPT_PROBLEMS) {
      problems.add(problem.getMessage());
    }
    if (!skip) {
      stopped = true;
      throw problem;
    }
  }

  public void countDocument(int tokens) {
    if (documents == lengths.length) {
      lengths = Arrays.copyOf(lengths, Math.max(64, 2 * documents));
    }
    lengths[documents++] = tokens;
    count(Count.EMPTY, tokens == 0 ? 1 : 0);
  }

  public void countPrompt(Prompt prompt) {
    countDocument(prompt.tokens().length);
    count(Count.WITHOUT_SOLUTION, prompt.solution().isPresent() ? 0 : 1);
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

  /** Number of tokens that the task processed, for progress. */
  public long tokens() {
    return IntStream.of(lengths).limit(documents).asLongStream().sum();
  }

  /** The reason why the run must stop, if it must. */
  public Optional<String> fatalProblem() {
    return stopped ? Optional.of(problems.get(problems.size() - 1)) : Optional.empty();
  }

  public long of(Count what) {
    return counts[what.ordinal()];
  }

  /** Bad rows by reason, without those that did not occur. */
  public Map<String, Long> badRows() {
    return badRows;
  }

  /** The first few messages about bad rows, in row order. */
  public List<String> problems() {
    return problems;
  }
}
