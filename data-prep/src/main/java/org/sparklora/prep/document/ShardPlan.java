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

  private final int batchSize;
  private final List<RowFile> files = new ArrayList<>();
  private int fileDocuments; // of the last file
  private long fileTokens;
  private int shardDocuments; // of the last shard; 0: a shard starts with the next document

  private ShardPlan(int batchSize) {
    this.batchSize = batchSize;
  }

  /** Consecutive documents of one split, from its document number {@code first} on. */
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
    ShardPlan plan = new ShardPlan(batchSize);
    for (int split = 0; split < lengths.size(); split++) {
      if (split > 0 && together[split] != together[split - 1]) {
        plan.shardDocuments = 0;
      }
      for (int document = 0; document < lengths.get(split).length; document++) {
        plan.add(split, document, lengths.get(split)[document]);
      }
    }
    return plan.files;
  }

  private void add(int split, int document, int tokens) {
    boolean shardIsFull = batchSize > 0 && shardDocuments == batchSize;
    boolean fileIsFull = fileDocuments >= MAX_DOCUMENTS || fileTokens + tokens > MAX_TOKENS;
    boolean fileStarts = files.isEmpty() || fileIsFull && (batchSize == 0 || shardIsFull);
    if (fileStarts) {
      files.add(new RowFile(new ArrayList<>()));
      fileDocuments = 0;
      fileTokens = 0;
    }
    List<Shard> shards = files.get(files.size() - 1).shards();
    if (fileStarts || shardIsFull || shardDocuments == 0) {
      shards.add(new Shard(new ArrayList<>()));
      shardDocuments = 0;
    }
    List<DocumentRange> ranges = shards.get(shards.size() - 1).ranges();
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
}
