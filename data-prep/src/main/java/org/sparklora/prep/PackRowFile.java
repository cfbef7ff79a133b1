package org.sparklora.prep;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.PackedSequenceWriter;
import org.sparklora.prep.document.DocumentFile;
import org.sparklora.prep.document.DocumentRange;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.pack.Packer;
import org.sparklora.prep.pack.RowAssembler;
import org.sparklora.prep.tokenize.TokenizedDocument;

/**
 * The second stage's task: the documents of a file's shards become the packed rows of one Parquet
 * file.
 */
final class PackRowFile {

  private PackRowFile() {}

  /**
   * Packs shard after shard, one in memory at a time.
   *
   * @param documents the folder with the first stage's document files
   */
  static RowFileReport run(
      Configuration configuration,
      Packer packer,
      ShardPlan.RowFile file,
      Path documents,
      Path output) {
    return AttemptFile.write(
        configuration,
        documents,
        output,
        attempt -> pack(configuration, packer, file, documents, attempt));
  }

  private static RowFileReport pack(
      Configuration configuration,
      Packer packer,
      ShardPlan.RowFile file,
      Path documents,
      Path output) {
    RowFileReport report = new RowFileReport();
    try (PackedSequenceWriter writer =
        PackedSequenceWriter.create(configuration, output.toString())) {
      for (ShardPlan.Shard shard : file.shards()) {
        RowAssembler.pack(
            packer,
            read(configuration, documents, shard),
            row -> {
              report.countRow(row);
              writer.write(row);
            });
      }
    }
    return report;
  }

  private static List<TokenizedDocument> read(
      Configuration configuration, Path folder, ShardPlan.Shard shard) {
    List<TokenizedDocument> documents = new ArrayList<>();
    for (DocumentRange range : shard.ranges()) {
      Path path = documentFile(folder, range.split());
      try (DocumentFile.Reader reader = new DocumentFile.Reader(configuration, path)) {
        reader.skip(range.first());
        for (int i = 0; i < range.count(); i++) {
          documents.add(reader.next());
        }
      }
    }
    return documents;
  }

  /** The file with the documents of a split. */
  static Path documentFile(Path folder, int split) {
    return new Path(folder, String.format(Locale.ROOT, "documents-%05d", split));
  }
}
