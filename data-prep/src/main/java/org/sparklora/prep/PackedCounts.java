package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Counts of a packed table.
 *
 * @param rowsIn rows read, bad ones included
 * @param rowsSkipped bad rows that were left out, by reason
 * @param problems messages about the first bad rows
 * @param rowsWithoutTarget rows dropped because none of their tokens counts for the loss
 * @param documents documents that were packed
 * @param emptyDocuments documents without a token, which appear in no row
 * @param truncatedTokens tokens cut off from documents longer than {@code max_length}
 * @param promptsNotPrefix prompts whose tokens are not the beginning of the tokens of prompt and
 *     completion
 * @param targetTokens tokens that count for the loss
 * @param fillRate share of the rows' capacity that holds tokens
 * @param sources of a mixture: counts by dataset and kind; null in manifests of others
 */
public record PackedCounts(
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
        rowsSkipped.values().stream().mapToLong(Long::longValue).sum() + rowsWithoutTarget);
  }
}
