package org.sparklora.prep.document;

import java.util.Optional;
import org.sparklora.pipeline.table.Prompt;

/** Counts of one split of problems. Not thread-safe. */
public final class PromptReport implements StageReport {
  private static final long serialVersionUID = 1L;

  private final SplitReport rows = new SplitReport();
  private long tooLong;
  private long withoutSolution;

  /** Rows and documents, which here are prompts. */
  public SplitReport rows() {
    return rows;
  }

  /** A prompt was left out because it is too long. */
  public void countTooLong() {
    tooLong++;
  }

  /** A prompt was written. */
  public void countPrompt(Prompt prompt) {
    rows.countDocument(prompt.tokens().length);
    withoutSolution += prompt.solution().isPresent() ? 0 : 1;
  }

  public long tooLong() {
    return tooLong;
  }

  public long withoutSolution() {
    return withoutSolution;
  }

  /** Gives back what a growing array holds too much; to be called before the report travels. */
  public PromptReport trimmed() {
    rows.trimmed();
    return this;
  }

  @Override
  public long tokens() {
    return rows.tokens();
  }

  @Override
  public Optional<String> fatalProblem() {
    return rows.fatalProblem();
  }
}
