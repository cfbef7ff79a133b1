package org.sparklora.prep;

/** Counts taken while a table was made; part of its manifest. */
public sealed interface TableCounts permits PackedCounts, PromptCounts {
  /** One line for people. */
  String summary();
}
