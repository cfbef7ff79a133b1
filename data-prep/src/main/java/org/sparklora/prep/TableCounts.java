package org.sparklora.prep;

/** What was counted while a table was made, as its manifest has it. */
public sealed interface TableCounts permits PackedCounts, PromptCounts {
  /** One line for people. */
  String summary();
}
