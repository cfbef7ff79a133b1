package org.sparklora.prep;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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
 * A file of a packed table: packs shard after shard, one in memory at a time.
 *
 * @param sources by split, the number of its dataset in a mixture; empty without one
 */
record PackRowFile(Packer packer, ShardPlan.RowFile file, int[] sources)
    implements RowKind.RowFile {
  @Override
  public RowFileReport writeRows(Configuration configuration, Path documents, Path output) {
    RowFileReport report = new RowFileReport();
    try (PackedSequenceWriter writer =
        PackedSequenceWriter.create(configuration, output.toString(), sources.length > 0)) {
      for (ShardPlan.Shard shard : file.shards()) {
        RowAssembler.pack(
            packer,
            read(configuration, documents, shard),
            sources(shard),
            row -> {
              report.countRow(row);
              writer.write(row);
            });
      }
    }
    return report;
  }

  /** The number of each document's dataset; empty without a mixture. */
  private int[] sources(ShardPlan.Shard shard) {
    return shard.ranges().stream()
        .filter(range -> sources.length > 0)
        .flatMapToInt(range -> IntStream.range(0, range.count()).map(i -> sources[range.split()]))
        .toArray();
  }

  private static List<TokenizedDocument> read(
      Configuration configuration, Path folder, ShardPlan.Shard shard) {
    List<TokenizedDocument> documents = new ArrayList<>();
    for (DocumentRange range : shard.ranges()) {
      Path path = TokenizeSplit.file(folder, range.split());
      try (DocumentFile.Reader reader = new DocumentFile.Reader(configuration, path)) {
        reader.skip(range.first());
        for (int i = 0; i < range.count(); i++) {
          documents.add(reader.next());
        }
      }
    }
    return documents;
  }
}
