package org.sparklora.train;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.net.NetUtils;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.run.Once;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;

/**
 * The rows of a packed table by number, in any process. Only the table's location is serialised:
 * each process copies the table to its local disk at the first access, and checks that it has the
 * rows that the driver read.
 *
 * <p>The driver closes the rows at the end of its run. Executors, which are not told, keep the
 * tables used last. Thread-safe.
 */
public final class TrainingRows implements Serializable, AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** Most unused tables kept: training and evaluation rows of two runs side by side. */
  private static final int MOST_STAGED = 4;

  /** Most names of losses by dataset. */
  private static final int MOST_SOURCES = 32;

  private static final String OTHERS = "others";

  /** The parts {@code /}, {@code ./} and {@code ../} at the start of a path and after a slash. */
  private static final Pattern NO_NAME = Pattern.compile("(?:^|(?<=/))(?:\\.{0,2}/)+");

  /**
   * This process's copies in the order of last use. Its lock also guards all {@link Copy#runs}, and
   * is never held while a table is read. The garbage collector closes a dropped copy, since other
   * threads may still read it.
   */
  private static final Map<Table, Copy> STAGED = new LinkedHashMap<>(16, 0.75f, true);

  /** A table with the rows that the driver read. */
  private record Table(List<String> files, int vocabularySize, String fingerprint)
      implements Serializable {}

  /** This process's copy of a table, made before the table is read. */
  private static final class Copy {
    private final Once<SpilledRows> rows = new Once<>();
    private int runs; // of this process, each of which will close the rows

    SpilledRows get(Supplier<SpilledRows> read) {
      return rows.get(read, SpilledRows::isOpen);
    }
  }

  private final Table table;
  private final Map<String, String> hadoop; // settings, possibly with keys of an object store
  private final List<String> sources; // of the losses by dataset; empty: not told apart

  private TrainingRows(Table table, Map<String, String> hadoop, List<String> sources) {
    this.table = table;
    this.hadoop = hadoop;
    this.sources = sources;
  }

  /**
   * Reads a table and returns its rows.
   *
   * @param vocabularySize bound of the token ids, exclusive
   * @throws TableException if the table is damaged, or a token id is not in the vocabulary
   */
  public static TrainingRows of(
      Configuration hadoop, PackedSequenceTable table, int vocabularySize) {
    List<String> files = List.copyOf(table.files());
    SpilledRows rows = read(hadoop, files, vocabularySize);
    return staged(files, HadoopSettings.of(hadoop), vocabularySize, rows);
  }

  /** Rows without a table, usable in this process only. */
  static TrainingRows of(List<PackedSequence> rows, int vocabularySize) {
    SpilledRows spilled = SpilledRows.create(ScratchPlace.folder(), vocabularySize);
    rows.forEach(spilled::add);
    return staged(List.of(), Map.of(), vocabularySize, spilled);
  }

  public static TrainingRows none() {
    return of(List.of(), 0);
  }

  /**
   * These rows with a loss for each dataset of a mixture; of many datasets the last ones share one
   * loss.
   *
   * @param names of the datasets, by number; all different
   */
  public TrainingRows withSources(List<String> names) {
    // trackers see paths in names
    List<String> plain = names.stream().map(name -> NO_NAME.matcher(name).replaceAll("")).toList();
    List<String> logged = new ArrayList<>(plain);
    for (int number = 0; number < names.size(); number++) {
      if (Collections.frequency(plain, plain.get(number)) > 1) {
        logged.set(number, plain.get(number) + "#" + number); // as a mixture tells equals apart
      }
    }
    if (names.size() > MOST_SOURCES) {
      Collections.fill(logged.subList(MOST_SOURCES - 1, names.size()), OTHERS);
    }
    List<String> several = names.size() > 1 ? List.copyOf(logged) : List.of();
    return new TrainingRows(table, hadoop, several);
  }

  private static TrainingRows staged(
      List<String> files, Map<String, String> hadoop, int vocabularySize, SpilledRows rows) {
    Table table = new Table(files, vocabularySize, rows.fingerprint());
    Copy copy;
    synchronized (STAGED) {
      copy = copy(table);
      copy.runs++;
    }
    if (copy.get(() -> rows) != rows) {
      rows.close(); // another run has already staged these rows
    }
    return new TrainingRows(table, hadoop, List.of());
  }

  private static Copy copy(Table key) {
    Copy copy = STAGED.get(key);
    if (copy == null) {
      copy = new Copy();
      STAGED.put(key, copy);
      forgetUnused();
    }
    return copy;
  }

  private static void forgetUnused() {
    List<Table> unused =
        STAGED.entrySet().stream()
            .filter(staged -> staged.getValue().runs == 0)
            .map(Map.Entry::getKey)
            .toList();
    unused.subList(0, Math.max(0, unused.size() - MOST_STAGED)).forEach(STAGED::remove);
  }

  private static SpilledRows read(Configuration hadoop, List<String> files, int vocabularySize) {
    SpilledRows rows = SpilledRows.create(ScratchPlace.folder(), vocabularySize);
    try {
      PackedSequenceTable.forEach(hadoop, files, rows::add);
      return rows;
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  /** This process's copy; concurrent callers wait for one read of the table. */
  private SpilledRows here() {
    Copy copy;
    synchronized (STAGED) {
      copy = copy(table);
    }
    return copy.get(this::stage);
  }

  private SpilledRows stage() {
    SpilledRows rows;
    try {
      rows = read(HadoopSettings.configuration(hadoop), table.files, table.vocabularySize);
    } catch (TableException e) {
      throw new TableException(
          "%s; this is machine %s, the driver could read it: put the table where all machines do, or on each under one path"
              .formatted(e.getMessage(), NetUtils.getLocalHostname()),
          e);
    }
    if (!rows.fingerprint().equals(table.fingerprint)) {
      rows.close();
      throw new TableException(
          "Cannot train on %s: machine %s reads other rows in it than the driver did; put the table where all machines read the same files, leave it as it is while a run uses it, and start the run again"
              .formatted(
                  table.files.isEmpty() ? "rows of another process" : table.files.get(0),
                  NetUtils.getLocalHostname()));
    }
    return rows;
  }

  public int count() {
    return here().count();
  }

  /** Tokens of the longest document of any row. */
  public int longestDocument() {
    return here().longestDocument();
  }

  /** SHA-256 of all rows in order; equal for tables with the same data. */
  public String fingerprint() {
    return table.fingerprint;
  }

  /** Target tokens of the rows of some micro-batches; at least 1, as TRL clamps it. */
  public long targetTokens(List<int[]> microBatches) {
    SpilledRows rows = here();
    return Math.max(
        1, microBatches.stream().flatMapToInt(Arrays::stream).mapToLong(rows::targets).sum());
  }

  /** A worker's own rows of some steps; losses are divided by its target tokens. */
  public List<StepRows> ofWorker(int worker, List<TrainingPlan.Step> steps) {
    List<StepRows> own = new ArrayList<>();
    for (TrainingPlan.Step step : steps) {
      List<List<int[]>> all = step.microBatches();
      List<int[]> microBatches = all.get(worker);
      if (!microBatches.isEmpty()) {
        int first = all.subList(0, worker).stream().mapToInt(List::size).sum();
        own.add(new StepRows(step.number(), first, targetTokens(microBatches), microBatches));
      }
    }
    return own;
  }

  MicroBatch microBatch(int[] numbers) {
    return new MicroBatch(Arrays.stream(numbers).mapToObj(here()::row).toList(), sources);
  }

  /** Deletes this process's copy, unless another run of this process uses it. */
  @Override
  public void close() {
    synchronized (STAGED) {
      Copy copy = STAGED.get(table);
      if (copy == null || --copy.runs > 0) {
        return;
      }
      STAGED.remove(table);
      copy.rows.loaded().ifPresent(SpilledRows::close);
    }
  }
}
