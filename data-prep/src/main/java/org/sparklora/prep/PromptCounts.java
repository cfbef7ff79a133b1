package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * Counts of a prompts table.
 *
 * @param rowsIn rows read, bad ones included
 * @param rowsSkipped bad rows that were left out, by reason
 * @param problems messages about the first bad rows
 * @param tooLong prompts left out because they have more tokens than {@code max_prompt_length}
 * @param prompts rows of the table
 * @param withoutSolution prompts that have no reference answer
 * @param tokens of all prompts
 * @param longestPrompt in tokens
 * @param sources of a mixture: counts by dataset and kind; null in manifests of others
 */
public record PromptCounts(
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
        .formatted(
            rowsIn,
            prompts,
            longestPrompt,
            withoutSolution,
            tooLong,
            rowsSkipped.values().stream().mapToLong(Long::longValue).sum());
  }
}
