package org.sparklora.pipeline.table;

import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The Parquet schema of {@link PackedSequence}: columns of three-level lists, as pyarrow writes
 * them.
 */
final class PackedSequenceSchema {
  static final String INPUT_IDS = "input_ids";
  static final String LABELS = "labels";
  static final String SEQ_LENGTHS = "seq_lengths";

  static final MessageType SCHEMA =
      new MessageType(
          "packed", ListCells.ints(INPUT_IDS), ListCells.ints(LABELS), ListCells.ints(SEQ_LENGTHS));

  /** The column that only a mixture's table has. */
  static final Type SOURCES = ListCells.ints("sources");

  static final MessageType OF_MIXTURE = SCHEMA.union(new MessageType(SCHEMA.getName(), SOURCES));

  private PackedSequenceSchema() {}
}
