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
   * Messages of bad rows that are kept, so that a broken dataset does not fill the driver's memory.
   */
  private static final int KEPT_PROBLEMS = 5;

  private int[] lengths = new int[64];
  private int documents;
  private final long[] badRows = new long[BadRowException.Reason.values().length];
  private String[] problems = new String[0];
  private long rows;
  private long rowsWithoutTarget;
  private long emptyDocuments;
  private long truncatedDocuments;
  private long truncatedTokens;
  private long promptsNotPrefix;
  private long tooLong;
  private long withoutSolution;
  private boolean stopped;

  /** A row was read, good or bad. */
  public void countRow() {
    rows++;
  }

  /** A row cannot be used. */
  public void countBad(BadRowException problem) {
    badRows[problem.reason().ordinal()]++;
    if (problems.length < KEPT_PROBLEMS) {
      problems = Arrays.copyOf(problems, problems.length + 1);
      problems[problems.length - 1] = problem.getMessage();
    }
  }

  /** Reading ended at the last bad row that was counted, because bad rows are not to be skipped. */
  public void stopAtBadRow() {
    stopped = true;
  }

  /** A document was dropped because none of its tokens counts for the loss. */
  public void countWithoutTarget() {
    rowsWithoutTarget++;
  }

  /** A prompt whose tokens are not the beginning of the tokens of prompt and completion. */
  public void countPromptNotPrefix() {
    promptsNotPrefix++;
  }

  /** A document was cut. */
  public void countTruncated(int tokens) {
    truncatedDocuments++;
    truncatedTokens += tokens;
  }

  /** A document was written. */
  public void countDocument(int tokens) {
    if (documents == lengths.length) {
      lengths = Arrays.copyOf(lengths, 2 * documents);
    }
    lengths[documents++] = tokens;
    emptyDocuments += tokens == 0 ? 1 : 0;
  }

  /** A prompt was left out because it is too long. */
  public void countTooLong() {
    tooLong++;
  }

  /** A prompt, which here is a document, was written. */
  public void countPrompt(Prompt prompt) {
    countDocument(prompt.tokens().length);
    withoutSolution += prompt.solution().isPresent() ? 0 : 1;
  }

  /** Gives back what the growing array holds too much; to be called before the report travels. */
  public SplitReport trimmed() {
    lengths = Arrays.copyOf(lengths, documents);
    return this;
  }

  /** Documents written so far. */
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

  public long rows() {
    return rows;
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

  public long rowsWithoutTarget() {
    return rowsWithoutTarget;
  }

  public long emptyDocuments() {
    return emptyDocuments;
  }

  public long truncatedDocuments() {
    return truncatedDocuments;
  }

  public long truncatedTokens() {
    return truncatedTokens;
  }

  public long promptsNotPrefix() {
    return promptsNotPrefix;
  }

  public long tooLong() {
    return tooLong;
  }

  public long withoutSolution() {
    return withoutSolution;
  }
}
