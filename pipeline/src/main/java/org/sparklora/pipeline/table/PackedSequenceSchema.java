package org.sparklora.pipeline.table;

import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * The Parquet schema of {@link PackedSequence}: three columns of the three-level lists that pyarrow
 * writes too.
 */
final class PackedSequenceSchema {
  static final String INPUT_IDS = "input_ids";
  static final String LABELS = "labels";
  static final String SEQ_LENGTHS = "seq_lengths";

  static final String LIST = "list";
  static final String ELEMENT = "element";

  static final MessageType SCHEMA =
      new MessageType("packed", intList(INPUT_IDS), intList(LABELS), intList(SEQ_LENGTHS));

  private PackedSequenceSchema() {}

  /**
   * Optional at both levels, as pyarrow and Spark declare it, although nothing in a table of ours
   * is null.
   */
  static Type intList(String name) {
    return list(PrimitiveTypeName.INT32, name);
  }

  static Type list(PrimitiveTypeName element, String name) {
    return Types.optionalGroup()
        .as(LogicalTypeAnnotation.listType())
        .repeatedGroup()
        .optional(element)
        .named(ELEMENT)
        .named(LIST)
        .named(name);
  }
}
