package org.sparklora.pipeline.table;

import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * The Parquet schema of {@link Generation}: the columns of a prompt (see {@link PromptSchema}) and
 *
 * <pre>
 * completion_index  int32            which of the prompt's completions, from 0
 * completion        string           without special tokens
 * completion_ids    list of int32    its tokens
 * logprobs          list of float    of each token
 * stop_reason       string           eos, length or pad
 * generator         string           spark-lora, vllm or another program
 * policy_version    int32            optimizer steps of the policy that drew it
 * sampling_seed     int64            of the table's random numbers
 * </pre>
 *
 * <p>Tables without the last three are read as those of spark-lora and an untrained policy.
 */
final class GenerationSchema {
  private static final String INDEX = "completion_index";
  private static final String COMPLETION = "completion";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String LOG_PROBS = "logprobs";
  private static final String STOP_REASON = "stop_reason";
  private static final String GENERATOR = "generator";
  private static final String POLICY_VERSION = "policy_version";
  private static final String SEED = "sampling_seed";

  static final MessageType SCHEMA =
      PromptSchema.SCHEMA.union(
          new MessageType(
              "generations",
              Types.required(PrimitiveTypeName.INT32).named(INDEX),
              PromptSchema.text(Type.Repetition.REQUIRED, COMPLETION),
              ListCells.ints(COMPLETION_IDS),
              ListCells.floats(LOG_PROBS),
              PromptSchema.text(Type.Repetition.REQUIRED, STOP_REASON),
              PromptSchema.text(Type.Repetition.OPTIONAL, GENERATOR),
              Types.optional(PrimitiveTypeName.INT32).named(POLICY_VERSION),
              Types.optional(PrimitiveTypeName.INT64).named(SEED)));

  private GenerationSchema() {}

  static Group toGroup(Generation row) {
    Group group = new SimpleGroup(SCHEMA);
    fill(group, row);
    return group;
  }

  /** Sets the columns of a generation in a row that may have further columns. */
  static void fill(Group group, Generation row) {
    PromptSchema.fill(group, row.prompt());
    group.add(INDEX, row.index());
    group.add(COMPLETION, row.text());
    ListCells.put(group, COMPLETION_IDS, row.tokens());
    ListCells.put(group, LOG_PROBS, row.logProbs());
    group.add(STOP_REASON, row.stopReason());
    group.add(GENERATOR, row.origin().generator());
    group.add(POLICY_VERSION, row.origin().policyVersion());
    group.add(SEED, row.origin().seed());
  }

  static Generation fromGroup(Group group) {
    return new Generation(
        PromptSchema.fromGroup(group),
        group.getInteger(INDEX, 0),
        group.getString(COMPLETION, 0),
        ListCells.ints(group, COMPLETION_IDS),
        ListCells.floats(group, LOG_PROBS),
        new Generation.Origin(
            group.getString(STOP_REASON, 0),
            has(group, GENERATOR) ? group.getString(GENERATOR, 0) : Generation.DECODER,
            has(group, POLICY_VERSION) ? group.getInteger(POLICY_VERSION, 0) : 0,
            has(group, SEED) ? group.getLong(SEED, 0) : 0));
  }

  private static boolean has(Group group, String column) {
    return group.getType().containsField(column) && group.getFieldRepetitionCount(column) > 0;
  }
}
