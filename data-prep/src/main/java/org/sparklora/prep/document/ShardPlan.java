package org.sparklora.prep.document;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which consecutive documents are packed together (a shard), and which shards share a Parquet file.
 * Depends on the documents and their order alone, so the table is the same whatever the number of
 * cores.
 *
 * <p>Without a batch size a shard is a file: it ends after {@link #MAX_DOCUMENTS} documents or
 * {@link #MAX_TOKENS} tokens, which bounds the memory of the task that packs it. With a batch size
 * (TRL's is 1000) a shard is that many documents, whatever their length, and a file takes shards
 * until it reaches those bounds.
 */
public final class ShardPlan {
  static final int MAX_DOCUMENTS = 1 << 16;
  static final long MAX_TOKENS = 1L << 23;

  private ShardPlan() {}

  /**
   * Consecutive documents of one split.
   *
   * @param split index of the split
   * @param first index of the first document within it
   * @param count how many
   */
  public record DocumentRange(int split, int first, int count) implements Serializable {}

  /** A shard: documents that are packed together, in dataset order. */
  public record Shard(List<DocumentRange> ranges) implements Serializable {}

  /** A Parquet file: shards whose rows follow one another. */
  public record RowFile(List<Shard> shards) implements Serializable {}

  /**
   * The files of the table.
   *
   * @param lengths by split, the length of each of its documents
   * @param together by split a number; a shard ends where it changes
   * @param batchSize documents a shard, or 0 for shards as large as files
   */
  public static List<RowFile> of(List<int[]> lengths, int[] together, int batchSize) {
    Builder builder = new Builder(batchSize);
    for (int split = 0; split < lengths.size(); split++) {
      if (split > 0 && together[split] != together[split - 1]) {
        builder.endShard();
      }
      for (int document = 0; document < lengths.get(split).length; document++) {
        builder.add(split, document, lengths.get(split)[document]);
      }
    }
    return builder.finish();
  }

  private static final class Builder {
    private final int batchSize;
    private final List<RowFile> files = new ArrayList<>();
    private List<Shard> shards = new ArrayList<>();
    private List<DocumentRange> ranges = new ArrayList<>();
    private int fileDocuments;
    private long fileTokens;
    private int shardDocuments;

    Builder(int batchSize) {
      this.batchSize = batchSize;
    }

    void add(int split, int document, int tokens) {
      boolean fileIsFull =
          fileDocuments > 0 && (fileDocuments >= MAX_DOCUMENTS || fileTokens + tokens > MAX_TOKENS);
      boolean shardIsFull = batchSize > 0 && shardDocuments == batchSize;
      if (batchSize == 0 ? fileIsFull : shardIsFull && fileIsFull) {
        endFile();
      } else if (shardIsFull) {
        endShard();
      }
      int last = ranges.size() - 1;
      if (last >= 0 && ranges.get(last).split() == split) {
        DocumentRange range = ranges.get(last);
        ranges.set(last, new DocumentRange(split, range.first(), range.count() + 1));
      } else {
        ranges.add(new DocumentRange(split, document, 1));
      }
      shardDocuments++;
      fileDocuments++;
      fileTokens += tokens;
    }

    List<RowFile> finish() {
      endFile();
      return files;
    }

    private void endFile() {
      endShard();
      if (!shards.isEmpty()) {
        files.add(new RowFile(shards));
        shards = new ArrayList<>();
      }
      fileDocuments = 0;
      fileTokens = 0;
    }

    private void endShard() {
      if (!ranges.isEmpty()) {
        shards.add(new Shard(ranges));
        ranges = new ArrayList<>();
      }
      shardDocuments = 0;
    }
  }
}
