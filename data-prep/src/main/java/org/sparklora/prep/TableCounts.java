package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Counts taken while a table was made; part of its manifest. Rows that were read include bad ones;
 * {@code problems} are messages about the first bad rows, and {@code sources} the counts of a
 * mixture by dataset and kind, null in manifests of others.
 */
public sealed interface TableCounts {
  /** One line for people. */
  String summary();

  /** All bad rows, of those by reason. */
  static long sum(Map<String, Long> rowsSkipped) {
    return rowsSkipped.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Counts of a packed table.
   *
   * @param rowsWithoutTarget rows dropped because none of their tokens counts for the loss
   * @param documents documents that were packed
   * @param emptyDocuments documents without a token, which appear in no row
   * @param truncatedTokens tokens cut off from documents longer than {@code max_length}
   * @param promptsNotPrefix prompts whose tokens are not the beginning of the tokens of prompt and
   *     completion
   * @param targetTokens tokens that count for the loss
   * @param fillRate share of the rows' capacity that holds tokens
   */
  record Packed(
      long inputFiles,
      long inputBytes,
      long rowsIn,
      Map<String, Long> rowsSkipped,
      List<String> problems,
      long rowsWithoutTarget,
      long documents,
      long emptyDocuments,
      long truncatedDocuments,
      long truncatedTokens,
      long promptsNotPrefix,
      long rows,
      long tokens,
      long targetTokens,
      int longestRow,
      double fillRate,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Map<String, Long>> sources)
      implements TableCounts {

    @Override
    public String summary() {
      return String.format(
          Locale.ROOT,
          "%d rows in, %d documents, %d packed rows of %d tokens at most, %d tokens (%d count for the loss), %.2f %% full, %d tokens cut off, %d rows skipped",
          rowsIn,
          documents,
          rows,
          longestRow,
          tokens,
          targetTokens,
          100 * fillRate,
          truncatedTokens,
          sum(rowsSkipped) + rowsWithoutTarget);
    }
  }

  /**
   * Counts of a prompts table.
   *
   * @param tooLong prompts left out because they have more tokens than {@code max_prompt_length}
   * @param prompts rows of the table
   * @param withoutSolution prompts that have no reference answer
   * @param tokens of all prompts
   * @param longestPrompt in tokens
   */
  record Prompts(
      long inputFiles,
      long inputBytes,
      long rowsIn,
      Map<String, Long> rowsSkipped,
      List<String> problems,
      long tooLong,
      long prompts,
      long withoutSolution,
      long tokens,
      int longestPrompt,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Map<String, Long>> sources)
      implements TableCounts {

    @Override
    public String summary() {
      return "%s rows in, %s prompts of %s tokens at most, %s without a solution, %s left out for their length, %s rows skipped"
          .formatted(rowsIn, prompts, longestPrompt, withoutSolution, tooLong, sum(rowsSkipped));
    }
  }
}
