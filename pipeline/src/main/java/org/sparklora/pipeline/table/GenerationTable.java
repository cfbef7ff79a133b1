package org.sparklora.pipeline.table;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.MessageType;

/**
 * Folders of Parquet files with the {@code generations} of a round, or with the {@code advantages}
 * computed from them. A table fits into memory: a round is trained on as a whole.
 */
public final class GenerationTable {
  private GenerationTable() {}

  /** Writes one file of generations. */
  public static void write(Configuration configuration, String file, List<Generation> rows) {
    GroupFile.write(
        configuration, new Path(file), GenerationSchema.SCHEMA, rows, GenerationSchema::toGroup);
  }

  /** All generations of a folder, in the order of the files and their rows. */
  public static List<Generation> read(Configuration configuration, String folder) {
    return TableFiles.list(configuration, folder, "generations", "generate").paths().stream()
        .flatMap(
            file ->
                GroupFile.read(configuration, file, "generate", GenerationSchema::fromGroup)
                    .stream())
        .toList();
  }

  /** Writes one file of advantages; all rows must have rewards of the same names. */
  public static void writeScored(
      Configuration configuration, String file, List<ScoredGeneration> rows) {
    Set<String> rewards = new LinkedHashSet<>();
    rows.forEach(row -> rewards.addAll(row.rewards().keySet()));
    MessageType schema = ScoredGenerationSchema.of(rewards);
    GroupFile.write(
        configuration,
        new Path(file),
        schema,
        rows,
        row -> ScoredGenerationSchema.toGroup(schema, row));
  }

  /** All advantages of a folder, in the order of the files and their rows. */
  public static List<ScoredGeneration> readScored(Configuration configuration, String folder) {
    return scoredFiles(configuration, folder).paths().stream()
        .flatMap(file -> readScoredFile(configuration, file).stream())
        .toList();
  }

  /** All advantages of one file. */
  public static List<ScoredGeneration> readScoredFile(Configuration configuration, String file) {
    return GroupFile.read(configuration, file, "reward", ScoredGenerationSchema::fromGroup);
  }

  /**
   * Checks that a folder holds a table of advantages.
   *
   * @throws TableException when there is no such folder, or no Parquet file in it
   */
  public static void requireScored(Configuration configuration, String folder) {
    scoredFiles(configuration, folder);
  }

  private static TableFiles scoredFiles(Configuration configuration, String folder) {
    return TableFiles.list(configuration, folder, "advantages", "reward");
  }
}
