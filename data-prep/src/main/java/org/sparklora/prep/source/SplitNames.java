package org.sparklora.prep.source;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Assigns files to splits by name, as Hugging Face's {@code datasets} does. The first rule that
 * assigns any file to any split is applied to all files:
 *
 * <ol>
 *   <li>{@code data/SPLIT-00000-of-00002.parquet}, with any name of a split;
 *   <li>a folder whose name has a word for the split: {@code train/x.jsonl}, {@code
 *       my-dev/x.jsonl};
 *   <li>a file whose name has one: {@code train.jsonl}, {@code gsm8k_test.jsonl};
 *   <li>all files are for training.
 * </ol>
 *
 * <p>A file that two words match is read once; {@code datasets} would read it twice.
 */
final class SplitNames {
  private static final String TRAIN = "train";
  private static final Pattern SHARD =
      Pattern.compile("data/([^/]+)-\\d{5}-of-\\d{5}[^/]*\\.[^/]*");

  /** Words for each split, first its name, in the order of the search. */
  private static final List<List<String>> WORDS =
      List.of(
          List.of(TRAIN, "training"),
          List.of("validation", "valid", "dev", "val"),
          List.of("test", "testing", "eval", "evaluation"));

  /** Separators beside a word; the beginning or end of a name also separates. */
  private static final String APART = "[-._ 0-9]";

  private static final List<String> FOLDERS =
      List.of(
          "**/WORD/**",
          "**/WORD" + APART + "*/**",
          "**/*" + APART + "WORD/**",
          "**/*" + APART + "WORD" + APART + "*/**");

  private static final List<String> FILES =
      List.of("**/WORD" + APART + "*", "**/*" + APART + "WORD" + APART + "*");

  private SplitNames() {}

  /**
   * The files of a split, in the order of their rows.
   *
   * @param files sorted by path
   * @param path gives a file's path below the dataset's root
   * @param split a split of {@code datasets}, another word for it, or a word in the file names
   * @throws ConfigException when files exist for other splits only
   */
  static <T> List<T> ofSplit(
      List<T> files, Function<T, String> path, String dataset, String split) {
    Map<String, List<T>> splits = splits(files, path, split);
    String name = splits.containsKey(split) ? split : words(split).get(0);
    List<T> wanted = splits.getOrDefault(name, List.of());
    String found = // each with its first file as an example
        splits.entrySet().stream()
            .map(entry -> "%s (%s)".formatted(entry.getKey(), path.apply(entry.getValue().get(0))))
            .collect(Collectors.joining(", "));
    ConfigException.require(
        !wanted.isEmpty() || files.isEmpty(),
        Flags.DATASET_TRAIN_SPLIT,
        split,
        "by the names of its files %s has the splits %s; name one of them"
            .formatted(dataset, found));
    return wanted;
  }

  /** The files in folders of that name, or all if it is empty; refuses a name without files. */
  static <T> List<T> inFolder(
      List<T> files, Function<T, String> path, String folder, String remedy) {
    List<T> inside =
        files.stream()
            .filter(
                file -> folder.isEmpty() || ("/" + path.apply(file)).contains("/" + folder + "/"))
            .toList();
    ConfigException.require(
        folder.isEmpty() || !inside.isEmpty(), Flags.DATASET_CONFIG, folder, remedy);
    return inside;
  }

  private static List<String> words(String split) {
    return WORDS.stream().filter(words -> words.contains(split)).findFirst().orElse(List.of(split));
  }

  private static <T> Map<String, List<T>> splits(
      List<T> files, Function<T, String> path, String split) {
    Map<String, List<T>> splits = new LinkedHashMap<>();
    for (T file : files) {
      Matcher shard = SHARD.matcher(path.apply(file));
      if (shard.matches()) {
        splits.computeIfAbsent(shard.group(1), name -> new ArrayList<>()).add(file);
      }
    }
    Set<List<String>> words = new LinkedHashSet<>(WORDS);
    words.add(words(split));
    for (List<String> patterns : List.of(FOLDERS, FILES)) {
      if (splits.isEmpty()) {
        words.forEach(known -> splits.put(known.get(0), matching(files, path, known, patterns)));
        splits.values().removeIf(List::isEmpty);
      }
    }
    if (splits.isEmpty() && !files.isEmpty()) {
      splits.put(TRAIN, files);
    }
    return splits;
  }

  /** Matches word by word and pattern by pattern: the order of rows in TRL's runs. */
  private static <T> List<T> matching(
      List<T> files, Function<T, String> path, List<String> words, List<String> patterns) {
    Set<T> matching = new LinkedHashSet<>();
    for (String word : words) {
      for (String pattern : patterns) {
        RepoGlob glob = RepoGlob.of(pattern.replace("WORD", word));
        files.stream().filter(file -> glob.matches(path.apply(file))).forEach(matching::add);
      }
    }
    return List.copyOf(matching);
  }
}
