package org.sparklora.api;

/**
 * A table that was written.
 *
 * @param folder of its Parquet files (JSON lines with {@code output_format=jsonl})
 * @param summary what is in it: JSON of {@code reward} and {@code eval}, else a line
 */
public record TableResult(String folder, String summary) {}
