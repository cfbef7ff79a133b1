package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.PolicyBatch;
import org.sparklora.pipeline.table.PolicyRow;
import org.sparklora.pipeline.table.ScoredGeneration;

/**
 * {@code round.parquet} of a checkpoint in the middle of a round: the round as it is trained on,
 * since its log-probabilities are those of parameters that are gone.
 */
final class RoundFile {
  private static final String NAME = "round.parquet";

  private RoundFile() {}

  /** Writes it into a local folder. */
  static void write(Path local, Round round) {
    PolicyRow.write(local.resolve(NAME), round.rows().stream().map(RoundFile::policyRow).toList());
  }

  /**
   * The round that a run goes on with; empty if it goes on with a new one, or begins.
   *
   * @param checkpoint from which the run goes on
   * @param scored its completions as they were judged, to be shown; the log has all else already
   */
  static Optional<Round> read(
      Configuration hadoop,
      Optional<org.apache.hadoop.fs.Path> checkpoint,
      Supplier<List<ScoredGeneration>> scored)
      throws IOException {
    if (checkpoint.isEmpty()) {
      return Optional.empty();
    }
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(checkpoint.get(), NAME);
    if (!file.getFileSystem(hadoop).exists(file)) {
      return Optional.empty();
    }
    List<PolicyBatch.Row> rows = PolicyRow.read(hadoop, file).stream().map(RoundFile::row).toList();
    return Optional.of(Round.trusted(rows, scored.get()));
  }

  private static PolicyRow policyRow(PolicyBatch.Row row) {
    return new PolicyRow(
        row.prompt(),
        row.completion(),
        row.advantage(),
        row.masked(),
        row.oldLogProbs(),
        row.referenceLogProbs());
  }

  private static PolicyBatch.Row row(PolicyRow row) {
    return new PolicyBatch.Row(
        row.promptIds(),
        row.completionIds(),
        row.advantage(),
        row.masked(),
        row.oldLogProbs(),
        row.referenceLogProbs());
  }
}
