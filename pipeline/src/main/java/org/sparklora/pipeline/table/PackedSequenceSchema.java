package org.sparklora.pipeline.table;

import org.apache.parquet.schema.MessageType;

/**
 * The Parquet schema of {@link PackedSequence}: three columns of three-level lists, as pyarrow
 * writes them.
 */
final class PackedSequenceSchema {
  static final String INPUT_IDS = "input_ids";
  static final String LABELS = "labels";
  static final String SEQ_LENGTHS = "seq_lengths";

  static final MessageType SCHEMA =
      new MessageType(
          "packed", ListCells.ints(INPUT_IDS), ListCells.ints(LABELS), ListCells.ints(SEQ_LENGTHS));

  private PackedSequenceSchema() {}
}
