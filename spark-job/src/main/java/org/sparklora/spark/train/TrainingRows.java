package org.sparklora.spark.train;

import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.run.Once;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;

/**
 * The rows of a packed table by number, in any process. What travels is where the table lies: every
 * process that asks for a row copies the table to its own disk first, once, and must find the rows
 * that the driver found.
 *
 * <p>The driver closes it at the end of its run. Executors, which do not hear of that, keep the
 * tables that were used last. Thread-safe.
 */
public final class TrainingRows implements Serializable, AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** Two runs side by side, each with rows to train and to evaluate on. */
  private static final int MOST_STAGED = 4;

  /**
   * This process's copies, the latest used last; guards itself and all {@link Copy#runs}, and never
   * waits for a table that is read. A copy that is dropped here is closed by the garbage collector,
   * since others may just be reading it.
   */
  private static final Map<TrainingRows, Copy> STAGED = new LinkedHashMap<>(16, 0.75f, true);

  /** This process's copy of a table, from before it is read. */
  private static final class Copy {
    private final Once<SpilledRows> rows = new Once<>();
    private int runs; // that this process drives, and that will close it

    boolean isClosed() {
      return rows.loaded().filter(read -> !read.isOpen()).isPresent();
    }
  }

  private final List<String> files;
  private final Map<String, String> hadoop; // settings, among which may be keys to a store
  private final int vocabularySize;
  private final String fingerprint;

  private TrainingRows(
      List<String> files, Map<String, String> hadoop, int vocabularySize, String fingerprint) {
    this.files = files;
    this.hadoop = hadoop;
    this.vocabularySize = vocabularySize;
    this.fingerprint = fingerprint;
  }

  /**
   * The rows of a table, which is read here and now.
   *
   * @param vocabularySize token ids must lie below it
   * @throws TableException if the table is damaged, or a token id is not in the vocabulary
   */
  public static TrainingRows of(
      Configuration hadoop, PackedSequenceTable table, int vocabularySize) {
    List<String> files = List.copyOf(table.files());
    SpilledRows rows = read(hadoop, files, vocabularySize);
    return staged(
        new TrainingRows(files, HadoopSettings.of(hadoop), vocabularySize, rows.fingerprint()),
        rows);
  }

  /** Rows of no table, known in this process only. */
  static TrainingRows of(List<PackedSequence> rows, int vocabularySize) {
    SpilledRows spilled = SpilledRows.create(vocabularySize);
    rows.forEach(spilled::add);
    return staged(
        new TrainingRows(List.of(), Map.of(), vocabularySize, spilled.fingerprint()), spilled);
  }

  /** No rows. */
  public static TrainingRows none() {
    return of(List.of(), 0);
  }

  private static TrainingRows staged(TrainingRows key, SpilledRows rows) {
    Copy copy;
    synchronized (STAGED) {
      copy = copy(key);
      copy.runs++;
    }
    if (copy.rows.get(() -> rows) != rows) {
      rows.close(); // another run has the same
    }
    return key;
  }

  private static Copy copy(TrainingRows key) {
    Copy copy = STAGED.get(key);
    if (copy == null || copy.isClosed()) {
      Copy anew = new Copy();
      anew.runs = copy == null ? 0 : copy.runs;
      STAGED.put(key, anew);
      forgetUnused();
      return anew;
    }
    return copy;
  }

  private static void forgetUnused() {
    List<TrainingRows> unused =
        STAGED.entrySet().stream()
            .filter(staged -> staged.getValue().runs == 0)
            .map(Map.Entry::getKey)
            .toList();
    unused.subList(0, Math.max(0, unused.size() - MOST_STAGED)).forEach(STAGED::remove);
  }

  private static SpilledRows read(Configuration hadoop, List<String> files, int vocabularySize) {
    SpilledRows rows = SpilledRows.create(vocabularySize);
    try {
      PackedSequenceTable.forEach(hadoop, files, rows::add);
      return rows;
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  /** This process's copy; who asks while the table is read waits, as it would read the same. */
  private SpilledRows here() {
    Copy copy;
    synchronized (STAGED) {
      copy = copy(this);
    }
    return copy.rows.get(this::stage);
  }

  private SpilledRows stage() {
    SpilledRows rows;
    try {
      rows = read(HadoopSettings.configuration(hadoop), files, vocabularySize);
    } catch (TableException e) {
      throw new TableException(
          "%s; this is machine %s, the driver could read it: put the table where all machines do, or on each under one path"
              .formatted(e.getMessage(), host()),
          e);
    }
    if (!rows.fingerprint().equals(fingerprint)) {
      rows.close();
      throw new TableException(
          "Cannot train on %s: machine %s reads other rows in it than the driver did; put the table where all machines read the same files, leave it as it is while a run uses it, and start the run again"
              .formatted(files.isEmpty() ? "rows of another process" : files.get(0), host()));
    }
    return rows;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /** How many there are. */
  public int count() {
    return here().count();
  }

  /** Tokens of the longest document of any row. */
  public int longestDocument() {
    return here().longestDocument();
  }

  /** SHA-256 of all rows in their order, which tells whether two tables hold the same data. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Tokens of some rows that count for the loss; at least 1, as TRL clamps it. */
  public long targetTokens(List<int[]> microBatches) {
    SpilledRows rows = here();
    return Math.max(
        1, microBatches.stream().flatMapToInt(Arrays::stream).mapToLong(rows::targets).sum());
  }

  /** The rows of these numbers. */
  MicroBatch microBatch(int[] numbers) {
    SpilledRows rows = here();
    List<PackedSequence> read = new ArrayList<>();
    for (int number : numbers) {
      read.add(rows.row(number));
    }
    return new MicroBatch(read);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrainingRows that
        && files.equals(that.files)
        && vocabularySize == that.vocabularySize
        && fingerprint.equals(that.fingerprint);
  }

  @Override
  public int hashCode() {
    return fingerprint.hashCode();
  }

  /** Deletes this process's copy, unless another run of this process uses it. */
  @Override
  public void close() {
    synchronized (STAGED) {
      Copy copy = STAGED.get(this);
      if (copy == null || --copy.runs > 0) {
        return;
      }
      STAGED.remove(this);
      copy.rows.loaded().ifPresent(SpilledRows::close);
    }
  }
}
