package org.sparklora.observe.report;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.CompletionsTable;
import org.sparklora.pipeline.table.LoggedCompletion;
import org.sparklora.pipeline.table.TableException;

/**
 * The completions that a run has logged, the latest first; if it logged none, those of its rounds,
 * with the round's number, from 1, as the step. Numbers of all completions are in memory, texts are
 * read on request: a hundred thousand completions take tens of megabytes.
 *
 * <p>Thread-safe.
 */
final class RunCompletions {
  private static final String SUFFIX = ".parquet";
  private static final int FILES_IN_MEMORY = 4;
  private static final String ADVANTAGES = "advantages"; // with dynamic sampling also advantages-2
  private static final String ROUND_FOLDER = "round-";
  private static final Pattern ROUND = Pattern.compile(ROUND_FOLDER + "(\\d+)");

  private final Configuration hadoop;
  private final Path folder;
  private final Path rounds;
  private Map<String, Indexed> files = new TreeMap<>(); // by name
  private final Map<String, List<LoggedCompletion>> texts =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, List<LoggedCompletion>> eldest) {
          return size() > FILES_IN_MEMORY;
        }
      };
  private final Set<String> unread = new HashSet<>(); // keys of texts that could not be read

  /** A file as of its last reading; its rows have no texts, and are none if it is unreadable. */
  private record Indexed(FileStatus file, List<LoggedCompletion> rows) {
    int step() {
      return rows.isEmpty() ? 0 : rows.get(0).step();
    }

    Path path() {
      return file.getPath();
    }

    boolean isOf(FileStatus now) {
      return file.getLen() == now.getLen()
          && file.getModificationTime() == now.getModificationTime();
    }
  }

  /**
   * A part of the rows that match a search.
   *
   * @param matching number of all matching rows; -1 if the search stopped early
   * @param more whether more matching rows follow
   */
  record Found(List<LoggedCompletion> rows, long matching, boolean more) {}

  RunCompletions(Configuration hadoop, String run) {
    this.hadoop = hadoop;
    this.folder = new Path(run, RunFolder.COMPLETIONS);
    this.rounds = new Path(run, RunFolder.ROUNDS);
  }

  /** Reads the numbers of files that are new or changed since the last call. */
  synchronized void refresh() throws IOException {
    Map<String, Indexed> there = new TreeMap<>();
    for (FileStatus file : list()) {
      String name = name(file.getPath());
      Indexed known = files.get(name);
      boolean current = known != null && known.isOf(file);
      there.put(name, current ? known : new Indexed(file, numbers(file.getPath())));
    }
    files = there;
    texts.keySet().removeAll(unread);
    unread.clear();
  }

  private List<FileStatus> list() throws IOException {
    List<FileStatus> logged = children(folder, "", SUFFIX);
    if (!logged.isEmpty()) {
      return logged;
    }
    List<FileStatus> ofRounds = new ArrayList<>();
    for (FileStatus round : children(rounds, ROUND_FOLDER, "")) {
      for (FileStatus table : children(round.getPath(), ADVANTAGES, "")) {
        ofRounds.addAll(children(table.getPath(), "", SUFFIX));
      }
    }
    return ofRounds;
  }

  private List<FileStatus> children(Path parent, String prefix, String suffix) throws IOException {
    try {
      return List.of(
          parent
              .getFileSystem(hadoop)
              .listStatus(
                  parent,
                  path ->
                      path.getName().startsWith(prefix)
                          && path.getName().endsWith(suffix)
                          && !path.getName().startsWith(".")));
    } catch (FileNotFoundException e) {
      return List.of(); // the folder does not exist, or not yet
    }
  }

  /** A file's name in messages; for a file of a round with its folders. */
  private static String name(Path file) {
    return round(file).isEmpty()
        ? file.getName()
        : "%s/%s/%s"
            .formatted(
                file.getParent().getParent().getName(), file.getParent().getName(), file.getName());
  }

  /** The round of a file, from 1; empty for a file of logged completions. */
  private static OptionalInt round(Path file) {
    Path table = file.getParent();
    Matcher round = ROUND.matcher(table.getParent().getName());
    return table.getName().startsWith(ADVANTAGES) && round.matches()
        ? OptionalInt.of(Integer.parseInt(round.group(1)) + 1)
        : OptionalInt.empty();
  }

  private List<LoggedCompletion> numbers(Path file) {
    try {
      return read(file, false);
    } catch (TableException e) {
      return List.of(); // unreadable() reports the file
    }
  }

  private List<LoggedCompletion> read(Path file, boolean texts) {
    OptionalInt round = round(file);
    return round.isPresent()
        ? CompletionsTable.readRound(hadoop, file, texts, round.getAsInt())
        : CompletionsTable.read(hadoop, file, texts);
  }

  synchronized long count() {
    return files.values().stream().mapToLong(file -> file.rows().size()).sum();
  }

  /** Names of files without readable completions. */
  synchronized List<String> unreadable() {
    return files.entrySet().stream()
        .filter(file -> file.getValue().rows().isEmpty())
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Names of all reward functions, in the tables' order. */
  synchronized List<String> rewards() {
    return files.values().stream()
        .filter(file -> !file.rows().isEmpty())
        .flatMap(file -> file.rows().get(0).rewards().keySet().stream())
        .distinct()
        .toList();
  }

  /**
   * Searches completions. Without a text only files of returned rows are read; with a text all
   * files, until enough rows match.
   */
  Found find(CompletionFilter filter, long offset, int limit) {
    List<LoggedCompletion> found = new ArrayList<>();
    long matching = 0;
    for (Indexed file : latestFirst()) {
      List<LoggedCompletion> rows = file.rows();
      for (int row = 0; row < rows.size(); row++) {
        if (!filter.matchesNumbers(rows.get(row))
            || filter.hasText() && !filter.matchesText(whole(file, row))) {
          continue;
        }
        if (matching >= offset && found.size() < limit) {
          found.add(whole(file, row));
        }
        matching++;
        if (filter.hasText() && matching > offset + limit) {
          return new Found(found, -1, true);
        }
      }
    }
    return new Found(found, matching, matching > offset + limit);
  }

  private synchronized List<Indexed> latestFirst() {
    return files.values().stream()
        .sorted(Comparator.comparingInt(Indexed::step).reversed())
        .toList();
  }

  private LoggedCompletion whole(Indexed file, int row) {
    List<LoggedCompletion> rows = texts(file);
    return row < rows.size() ? rows.get(row) : file.rows().get(row);
  }

  /** Reads a file's texts outside of any lock, so that a search does not delay a refresh. */
  private List<LoggedCompletion> texts(Indexed file) {
    String key = name(file.path()) + file.file().getModificationTime();
    synchronized (this) {
      List<LoggedCompletion> known = texts.get(key);
      if (known != null) {
        return known;
      }
    }
    List<LoggedCompletion> rows;
    boolean failed = false;
    try {
      rows = read(file.path(), true);
    } catch (TableException e) {
      rows = file.rows(); // perhaps the file is being rewritten
      failed = true;
    }
    synchronized (this) {
      texts.put(key, rows);
      if (failed) {
        unread.add(key); // to be read again after the next refresh
      }
    }
    return rows;
  }

  /**
   * The latest rows, at least one if any exists.
   *
   * @param most largest number of rows
   * @param characters no further row is added once the texts have so many
   */
  List<LoggedCompletion> latest(int most, long characters) {
    List<LoggedCompletion> rows = find(CompletionFilter.of(Map.of()), 0, most).rows();
    long used = 0;
    int kept = 0;
    while (kept < rows.size() && (kept == 0 || used < characters)) {
      used += characters(rows.get(kept));
      kept++;
    }
    return rows.subList(0, kept);
  }

  private static long characters(LoggedCompletion row) {
    return row.prompt().stream().mapToLong(turn -> turn.content().length()).sum()
        + row.completion().stream().mapToLong(turn -> turn.content().length()).sum();
  }
}
