package org.sparklora.pipeline.table;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * A completion as a policy is trained on it: a row of the file that a checkpoint in the middle of a
 * round holds.
 *
 * @param promptIds tokens of the prompt
 * @param completionIds tokens of the completion
 * @param advantage of the completion
 * @param masked whether it only counts as a completion
 * @param oldLogProbs of its tokens under the policy that drew it, where they are needed
 * @param referenceLogProbs under the reference policy, where there is one
 */
public record PolicyRow(
    int[] promptIds,
    int[] completionIds,
    float advantage,
    boolean masked,
    Optional<float[]> oldLogProbs,
    Optional<float[]> referenceLogProbs) {
  private static final String PROMPT_IDS = "prompt_ids";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String ADVANTAGE = "advantage";
  private static final String MASKED = "masked";
  private static final String OLD = "old_logprobs";
  private static final String REFERENCE = "ref_logprobs";

  private static final MessageType SCHEMA =
      new MessageType(
          "policy_rows",
          PackedSequenceSchema.intList(PROMPT_IDS),
          PackedSequenceSchema.intList(COMPLETION_IDS),
          Types.required(PrimitiveTypeName.FLOAT).named(ADVANTAGE),
          Types.required(PrimitiveTypeName.BOOLEAN).named(MASKED),
          PackedSequenceSchema.list(PrimitiveTypeName.FLOAT, OLD),
          PackedSequenceSchema.list(PrimitiveTypeName.FLOAT, REFERENCE));

  /** Writes a local file. */
  public static void write(java.nio.file.Path file, List<PolicyRow> rows) {
    GroupFile.write(
        new Configuration(false), new Path(file.toUri()), SCHEMA, rows, PolicyRow::toGroup);
  }

  /** Reads a file, which may lie in any file system. */
  public static List<PolicyRow> read(Configuration hadoop, Path file) {
    return GroupFile.read(hadoop, file.toString(), "grpo", PolicyRow::fromGroup);
  }

  private Group toGroup() {
    Group group = new SimpleGroup(SCHEMA);
    ListCells.put(group, PROMPT_IDS, promptIds);
    ListCells.put(group, COMPLETION_IDS, completionIds);
    group.add(ADVANTAGE, advantage);
    group.add(MASKED, masked);
    oldLogProbs.ifPresent(values -> ListCells.put(group, OLD, values));
    referenceLogProbs.ifPresent(values -> ListCells.put(group, REFERENCE, values));
    return group;
  }

  private static PolicyRow fromGroup(Group group) {
    return new PolicyRow(
        ListCells.ints(group, PROMPT_IDS),
        ListCells.ints(group, COMPLETION_IDS),
        group.getFloat(ADVANTAGE, 0),
        group.getBoolean(MASKED, 0),
        floats(group, OLD),
        floats(group, REFERENCE));
  }

  private static Optional<float[]> floats(Group group, String column) {
    return group.getFieldRepetitionCount(column) == 0
        ? Optional.empty()
        : Optional.of(ListCells.floats(group, column));
  }
}
