package org.sparklora.train.grpo;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.sparklora.model.PolicyRow;
import org.sparklora.pipeline.table.Cells;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.pipeline.table.ScoredGeneration;

/**
 * Rounds in a checkpoint that cannot be drawn again, since earlier parameters drew them: {@code
 * round.parquet} has the rows of an unfinished round with their log-probabilities, {@code
 * ahead-0012.parquet} the completions of a round that was drawn ahead.
 */
public final class RoundFile {
  private static final String NAME = "round.parquet";

  private static final String PROMPT_IDS = "prompt_ids";
  private static final String COMPLETION_IDS = "completion_ids";
  private static final String ADVANTAGE = "advantage";
  private static final String DRIFT = "drift";
  private static final String MASKED = "masked";
  private static final String OLD = "old_logprobs";
  private static final String REFERENCE = "ref_logprobs";
  private static final String WEIGHTS = "weights";

  private static final MessageType SCHEMA =
      new MessageType(
          "policy_rows",
          Cells.ints(PROMPT_IDS),
          Cells.ints(COMPLETION_IDS),
          Types.required(PrimitiveTypeName.FLOAT).named(ADVANTAGE),
          Types.required(PrimitiveTypeName.FLOAT).named(DRIFT),
          Types.required(PrimitiveTypeName.BOOLEAN).named(MASKED),
          Cells.floats(OLD),
          Cells.floats(REFERENCE),
          Cells.floats(WEIGHTS));

  private RoundFile() {}

  public static void write(java.nio.file.Path local, Round round) {
    RowFile.write(
        new Configuration(false),
        new Path(local.resolve(NAME).toUri()),
        SCHEMA,
        round.rows(),
        RoundFile::fill);
  }

  /**
   * The unfinished round of a checkpoint, with its judged completions to be shown: the log has all
   * else already. Empty if the run begins, or resumes between rounds.
   */
  public static Optional<Round> read(
      Configuration hadoop, Optional<Path> checkpoint, Supplier<List<ScoredGeneration>> scored)
      throws IOException {
    Optional<Path> file = checkpoint.map(folder -> new Path(folder, NAME));
    if (file.isEmpty() || !file.get().getFileSystem(hadoop).exists(file.get())) {
      return Optional.empty();
    }
    String path = file.get().toString();
    List<PolicyRow> rows = RowFile.read(hadoop, path, "grpo", RoundFile::fromGroup);
    return Optional.of(Round.trusted(rows, scored.get()));
  }

  private static String ahead(int number) {
    return String.format(Locale.ROOT, "ahead-%04d.parquet", number);
  }

  /** Writes the judged completions of a round that was drawn ahead into a local folder. */
  public static void writeAhead(
      java.nio.file.Path local, int number, List<ScoredGeneration> completions) {
    GenerationTable.writeScored(
        new Configuration(false), local.resolve(ahead(number)).toUri().toString(), completions);
  }

  /** The judged completions of a checkpoint's rounds ahead, by number, from {@code first} on. */
  public static SortedMap<Integer, List<ScoredGeneration>> readAhead(
      Configuration hadoop, Optional<Path> checkpoint, int first) throws IOException {
    SortedMap<Integer, List<ScoredGeneration>> ahead = new TreeMap<>();
    if (checkpoint.isPresent()) {
      FileSystem files = checkpoint.get().getFileSystem(hadoop);
      Path file = new Path(checkpoint.get(), ahead(first));
      for (int number = first; files.exists(file); ) {
        ahead.put(number, GenerationTable.readScoredFile(hadoop, file.toString()));
        file = new Path(checkpoint.get(), ahead(++number));
      }
    }
    return ahead;
  }

  private static void fill(Group group, PolicyRow row) {
    Cells.put(group, PROMPT_IDS, row.prompt());
    Cells.put(group, COMPLETION_IDS, row.completion());
    group.add(ADVANTAGE, row.advantage());
    group.add(DRIFT, row.drift());
    group.add(MASKED, row.masked());
    putUnlessNone(group, OLD, row.ofTokens().oldLogProbs());
    putUnlessNone(group, REFERENCE, row.ofTokens().referenceLogProbs());
    putUnlessNone(group, WEIGHTS, row.ofTokens().weights());
  }

  private static void putUnlessNone(Group group, String column, float[] logProbs) {
    if (logProbs.length > 0) {
      Cells.put(group, column, logProbs);
    }
  }

  private static PolicyRow fromGroup(Group group) {
    return new PolicyRow(
        Cells.ints(group, PROMPT_IDS),
        Cells.ints(group, COMPLETION_IDS),
        group.getFloat(ADVANTAGE, 0),
        Cells.has(group, DRIFT) ? group.getFloat(DRIFT, 0) : 0,
        group.getBoolean(MASKED, 0),
        new PolicyRow.OfTokens(
            floatsOrNone(group, OLD),
            floatsOrNone(group, REFERENCE),
            floatsOrNone(group, WEIGHTS)));
  }

  private static float[] floatsOrNone(Group group, String column) {
    return Cells.has(group, column) ? Cells.floats(group, column) : PolicyRow.NONE;
  }
}
