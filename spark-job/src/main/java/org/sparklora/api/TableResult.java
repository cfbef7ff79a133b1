package org.sparklora.api;

/**
 * A table that was written.
 *
 * @param folder of its Parquet files (JSON lines with {@code output_format=jsonl})
 * @param summary what the table holds: JSON for {@code reward}, else one line
 */
public record TableResult(String folder, String summary) {}
